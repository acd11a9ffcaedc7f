"""The question-answering tasks, as one table of labels and rules. All are zero-shot.

The reference's own: `ogx_xquad_LANG` and `ogx_mlqa_LANG` put labels in the language around its text,
`…_enLANG` English labels; `…val` is MLQA's validation split. Their prompts hold no instruction template
and no bos (docs/behaviour.md, "Evaluation").

Ours, of the same questions: `xquad_instruct_LANG` and `mlqa_instruct_LANG` ask as the model was tuned:
the English Alpaca prompt around question and context in the language, with a bos before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from commit_llm.data.prompts import alpaca_prompt
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


ALPACA = "alpaca"
XQUAD_LANGUAGES = ("ar", "de", "zh", "vi", "en", "es", "hi", "el", "th", "tr", "ru", "ro")
MLQA_LANGUAGES = ("en", "ar", "de", "zh", "vi", "es", "hi")
# The version of the prompts and rules of these tasks: a higher one with every change that moves scores.
TASK_VERSION = 1.0


@dataclass(frozen=True)
class Task:
    """One row of the table.

    language is that of context, question and answers; labels is a key of LABELS, or `alpaca`: the
    instruction prompt, with a bos.
    """

    name: str
    dataset: Literal["xquad", "mlqa"]
    language: str
    labels: str
    split: Literal["validation", "test"]

    @property
    def bos(self) -> bool:
        """Whether a bos stands before the prompt, as it does in training."""
        return self.labels == ALPACA

    @property
    def suite(self) -> str:
        """The tasks that differ in language alone, and belong in one table: `ogx_mlqa_en_val`, `xquad_instruct`."""
        if self.labels == ALPACA:
            return f"{self.dataset}_instruct"
        english = "_en" if self.labels != self.language else ""
        validation = "_val" if self.dataset == "mlqa" and self.split == "validation" else ""
        return f"ogx_{self.dataset}{english}{validation}"

    @property
    def in_english(self) -> "Task":
        """Where the same questions and their references are in English; its name is still that of this task."""
        return replace(self, language="en")

    def prompt(self, context: str, question: str) -> str:
        """Everything before the answer. XQuAD has no space after the question label, MLQA has one."""
        if self.labels == ALPACA:
            return alpaca_prompt(question, context)
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
    xquad = [(lang, lang, lang) for lang in XQUAD_LANGUAGES]
    xquad += [(f"en{lang}", lang, "en") for lang in ("hi", "el", "th")]
    tasks = [Task(f"ogx_xquad_{suffix}", "xquad", lang, labels, "validation") for suffix, lang, labels in xquad]
    mlqa = [(lang, lang, lang) for lang in MLQA_LANGUAGES] + [("enhi", "hi", "en")]
    tasks += [Task(f"ogx_mlqa_{suffix}", "mlqa", lang, labels, "test") for suffix, lang, labels in mlqa]
    validation = [("hival", "hi"), ("enhival", "en")]
    tasks += [Task(f"ogx_mlqa_{suffix}", "mlqa", "hi", labels, "validation") for suffix, labels in validation]
    tasks += [Task(f"xquad_instruct_{lang}", "xquad", lang, ALPACA, "validation") for lang in XQUAD_LANGUAGES]
    tasks += [Task(f"mlqa_instruct_{lang}", "mlqa", lang, ALPACA, "test") for lang in MLQA_LANGUAGES]
    return {task.name: task for task in tasks}


TASKS = _table()


def find_task(name: str) -> Task:
    """The task of a name; UserError offers the nearest names."""
    import difflib

    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=3, cutoff=0.5) or list(TASKS)[:3]
        raise UserError(f"no task {name!r}; near it are {', '.join(near)}; `commit-llm tasks` lists all")
    return TASKS[name]


def split_tasks(names: Sequence[str]) -> tuple[list[Task], list[str]]:
    """Our tasks among the names, each once, and the names that may be lm-eval's.

    Raises UserError, with the nearest names, for one that begins as ours do and is none.
    """
    ours, others = [], []
    for name in dict.fromkeys(names):
        if name in TASKS or name.startswith(("ogx_", "xquad_instruct", "mlqa_instruct")):
            ours.append(find_task(name))
        else:
            others.append(name)
    return ours, others
