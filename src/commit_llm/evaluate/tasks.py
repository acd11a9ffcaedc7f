"""The question-answering tasks of the reference, as one table of labels and rules.

`ogx_xquad_LANG` and `ogx_mlqa_LANG` put labels in the language around its text, `…_enLANG` English
labels; `…val` is MLQA's validation split. The tasks are zero-shot, their prompts hold no instruction
template and no bos (BEHAVIOUR.md, "Evaluation").
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from commit_llm.errors import UserError


class Labels(NamedTuple):
    """What stands before the context, the question and the answer. Interface strings of the reference."""

    background: str
    question: str
    answer: str


LABELS = {
    "en": Labels("Background:", "Question:", "Answer:"),
    "el": Labels("Πληροφορίες ιστορικού:", "Ερώτηση:", "Απάντηση:"),
    "hi": Labels("पृष्ठभूमि:", "सवाल:", "उत्तर:"),
    "th": Labels("พื้นหลัง:", "คำถาม:", "ตอบ:"),
    "ar": Labels(":معرفتي", ":سؤال", ":إجابه"),
    "de": Labels("Hintergrund:", "Frage:", "Antwort:"),
    "zh": Labels("背景:", "問題:", "答案:"),
    "vi": Labels("lý lịch:", "câu hỏi:", "câu trả lời:"),
    "es": Labels("antecedentes:", "pregunta:", "respuesta:"),
    "tr": Labels("arka fon:", "soru:", "Cevap:"),
    "ru": Labels("задний план:", "вопрос:", "отвечать:"),
    "ro": Labels("fundal:", "întrebare:", "Răspuns:"),
}


@dataclass(frozen=True)
class Task:
    """One row of the table. language is that of context, question and answers."""

    name: str
    dataset: Literal["xquad", "mlqa"]
    language: str
    labels: str
    split: Literal["validation", "test"]

    def prompt(self, context: str, question: str) -> str:
        """Everything before the answer. XQuAD has no space after the question label, MLQA has one."""
        labels = LABELS[self.labels]
        space = " " if self.dataset == "mlqa" else ""
        return f"{labels.background}\n\n{context}\n\n{labels.question}{space}{question}\n\n{labels.answer}"

    def files(self) -> tuple[str, ...]:
        """Where the data stands in a --data-dir, the first that is there; MLQA as its archive unpacks."""
        if self.dataset == "xquad":
            return (f"xquad.{self.language}.json",)
        part = "dev" if self.split == "validation" else "test"
        name = f"{part}-context-{self.language}-question-{self.language}.json"
        return (name, f"{part}/{name}")


def _table() -> dict[str, Task]:
    xquad = [(lang, lang, lang) for lang in ("ar", "de", "zh", "vi", "en", "es", "hi", "el", "th", "tr", "ru", "ro")]
    xquad += [(f"en{lang}", lang, "en") for lang in ("hi", "el", "th")]
    tasks = [Task(f"ogx_xquad_{suffix}", "xquad", lang, labels, "validation") for suffix, lang, labels in xquad]
    mlqa = [(lang, lang, lang) for lang in ("en", "ar", "de", "zh", "vi", "es", "hi")] + [("enhi", "hi", "en")]
    tasks += [Task(f"ogx_mlqa_{suffix}", "mlqa", lang, labels, "test") for suffix, lang, labels in mlqa]
    validation = [("hival", "hi"), ("enhival", "en")]
    tasks += [Task(f"ogx_mlqa_{suffix}", "mlqa", "hi", labels, "validation") for suffix, labels in validation]
    return {task.name: task for task in tasks}


TASKS = _table()


def find_task(name: str) -> Task:
    """The task of a name; UserError offers the nearest names."""
    import difflib

    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=3, cutoff=0.5) or list(TASKS)[:3]
        raise UserError(f"no task {name!r}; near it are {', '.join(near)}; `commit-llm tasks` lists all")
    return TASKS[name]
