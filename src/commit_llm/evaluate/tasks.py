"""The question-answering tasks, as one table of labels and rules. All are zero-shot.

Tasks of the reference: `ogx_xquad_LANG` and `ogx_mlqa_LANG` have labels in the language of the text, `…_enLANG` have
English labels, `…val` is MLQA's validation split. Their prompts have no instruction template and no bos
(docs/behaviour.md, "Evaluation").

Tasks of ours, with the same questions: `xquad_instruct_LANG` and `mlqa_instruct_LANG` ask as the model was tuned. The
English Alpaca prompt stands around the question and context in the language, with a bos before it where the model's
folder says so. A prompt may be as long as the model allows. The answer is the first line that is not blank.

Also `xquad_chat_LANG` and `mlqa_chat_LANG`: a single user message through the model's own chat template. Long prompts
and answers have the rules of the `_instruct_` tasks.

And `xquad_rank_LANG`, with the prompts of `xquad_instruct_LANG`: the model writes nothing. It ranks the right answers
of all questions of a paragraph.

A user's own questions are a task too, `questions_LANG`, which is not in the table (own_questions.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.prompts import alpaca_prompt, joined
from commit_llm.errors import UserError
from commit_llm.runs.entries import RANK_SUITE
from commit_llm.runs.evaluation import AS_TUNED, CHAT_LABELS, INSTRUCTION_LABELS


class Labels(NamedTuple):
    """Hold what stands before the context, the question and the answer. They are interface strings of the reference."""

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


XQUAD_LANGUAGES = ("ar", "de", "zh", "vi", "en", "es", "hi", "el", "th", "tr", "ru", "ro")
MLQA_LANGUAGES = ("en", "ar", "de", "zh", "vi", "es", "hi")
# The version of the prompts and rules of a kind of tasks: a higher one with every change that moves scores.
REFERENCE_VERSION, INSTRUCT_VERSION, CHAT_VERSION, RANK_VERSION, OWN_VERSION = 1.0, 2.0, 1.0, 1.0, 1.0
OWN = "questions"  # the suite of a user's own questions
# What stands before the context and the question in the message of a chat task.
CHAT_REQUEST = "Answer the question about the text in a few words copied from the text. Write nothing else."


@dataclass(frozen=True)
class Task:
    """Describe a task: a line of the table.

    language: of context, question and answers.
    labels: a key of LABELS; or `alpaca` for the instruction prompt, `chat` for the message of a user, `file` for a
        prompt that a user wrote.
    ranked: whether the model ranks answers that are given, and writes none.
    file: of a user's own questions, which are no line of the table.
    prompt_file: the prompt, of labels `file`.
    """

    name: str
    dataset: Literal["xquad", "mlqa", "own"]
    language: str
    labels: str
    split: Literal["validation", "test"]
    ranked: bool = False
    file: Path | None = None
    prompt_file: PromptFile | None = None

    @property
    def as_tuned(self) -> bool:
        """Tell whether the task asks as the model was tuned; else it asks as the reference does."""
        return self.labels in AS_TUNED

    @property
    def chat(self) -> bool:
        """Tell whether the task asks through the model's own chat template."""
        return self.labels == CHAT_LABELS

    @property
    def version(self) -> float:
        """Give the version of the task's prompts and rules."""
        if self.file is not None:
            return OWN_VERSION
        if self.ranked:
            return RANK_VERSION
        return {INSTRUCTION_LABELS: INSTRUCT_VERSION, CHAT_LABELS: CHAT_VERSION}.get(self.labels, REFERENCE_VERSION)

    @property
    def suite(self) -> str:
        """Name the group of tasks that differ in language alone: `ogx_mlqa_en_val`, `xquad_instruct`, `xquad_rank`."""
        if self.file is not None:
            return OWN
        if self.ranked:
            return f"{self.dataset}{RANK_SUITE}"
        if self.as_tuned:
            return f"{self.dataset}_{'chat' if self.chat else 'instruct'}"
        english = "_en" if self.labels != self.language else ""
        validation = "_val" if self.dataset == "mlqa" and self.split == "validation" else ""
        return f"ogx_{self.dataset}{english}{validation}"

    @property
    def in_english(self) -> "Task":
        """Give the task with the same questions in English. It keeps the name of this task."""
        return replace(self, language="en")

    def prompt(self, context: str, question: str) -> str:
        """Write everything before the answer; of a chat task the message, which a template is put around.

        In the reference's prompts XQuAD has no space after the question label, MLQA has one.
        """
        if self.chat:
            return f"{CHAT_REQUEST}\n\nText: {context}\n\nQuestion: {question}"
        if self.prompt_file is not None:
            return joined(self.prompt_file.passages(question, context))
        if self.as_tuned:
            return alpaca_prompt(question, context)
        labels = LABELS[self.labels]
        space = " " if self.dataset == "mlqa" else ""
        return f"{labels.background}\n\n{context}\n\n{labels.question}{space}{question}\n\n{labels.answer}"

    def files(self) -> tuple[str, ...]:
        """Name the files that may hold the data, within a --data-dir. MLQA's are as its archive unpacks."""
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
    for kind, labels in (("instruct", INSTRUCTION_LABELS), ("chat", CHAT_LABELS)):
        tasks += [Task(f"xquad_{kind}_{lang}", "xquad", lang, labels, "validation") for lang in XQUAD_LANGUAGES]
        tasks += [Task(f"mlqa_{kind}_{lang}", "mlqa", lang, labels, "test") for lang in MLQA_LANGUAGES]
    tasks += [
        Task(f"xquad_rank_{lang}", "xquad", lang, INSTRUCTION_LABELS, "validation", ranked=True)
        for lang in XQUAD_LANGUAGES
    ]
    return {task.name: task for task in tasks}


TASKS = _table()


def find_task(name: str) -> Task:
    """Find the task of a name. Raises UserError, with the nearest names, where there is none."""
    import difflib

    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=3, cutoff=0.5) or list(TASKS)[:3]
        raise UserError(f"no task {name!r}; near it are {', '.join(near)}; `commit-llm tasks` lists all")
    return TASKS[name]


def split_tasks(names: Sequence[str]) -> tuple[list[Task], list[str]]:
    """Split names into our tasks, each once, and names that may be lm-eval's.

    Raises UserError, with the nearest names, for a name that begins as ours do and is no task.
    """
    tasks, foreign = [], []
    own = ("ogx_", "xquad_instruct", "mlqa_instruct", "xquad_chat", "mlqa_chat", "xquad_rank")
    for name in dict.fromkeys(names):
        if name in TASKS or name.startswith(own):
            tasks.append(find_task(name))
        else:
            foreign.append(name)
    return tasks, foreign
