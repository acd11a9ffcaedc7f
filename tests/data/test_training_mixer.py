"""The mixer of training: there where it is needed, and held against the data."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.data.chat.template import TODAY, ChatTemplate
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.training_mixer import fit_mixer, make_mixer, require_annotated_fields, require_hit
from commit_llm.errors import SettingError, UserError
from tests.data.chat.templates import conversation

RECORD = {"instruction": "Say hi to dog", "input": "", "output": "hi dog"}


def test_mixing_needs_a_dictionary():
    assert make_mixer(MixingFlags(ratio=0.0)) is None
    with pytest.raises(UserError, match="the recipe mixes nothing"):
        make_mixer(MixingFlags(("en-el.txt",), 0.0))
    with pytest.raises(UserError, match="mixing needs a --dictionary"):
        make_mixer(MixingFlags(ratio=0.5))
    assert make_mixer(MixingFlags(ratio=("0@0", "0@1"))) is None
    with pytest.raises(UserError, match=r"--ratio 0@0 0\.5@1: mixing needs a --dictionary"):
        make_mixer(MixingFlags(ratio=("0@0", "0.5@1")))


def test_sentences_need_no_dictionary(tmp_path):
    (tmp_path / "en-el.tsv").write_text("Say hi to dog\tΠες γεια στον σκύλο\n", encoding="utf-8")
    sentences = (str(tmp_path / "en-el.tsv"),)
    for ratio in (0.0, 0.9):
        mixer = make_mixer(MixingFlags(ratio=ratio, sentences=sentences, sentence_ratio=1.0))
        assert mixer.mix(RECORD["instruction"]).text == "Πες γεια στον σκύλο"
    with pytest.raises(UserError, match=r"--sentences .*en-el\.tsv: the recipe mixes nothing \(ratio 0\)"):
        make_mixer(MixingFlags(ratio=0.0, sentences=sentences, sentence_ratio=0.0))
    with pytest.raises(UserError, match="--sentence-ratio 0: mixes nothing without a --dictionary"):
        make_mixer(MixingFlags(sentences=sentences, sentence_ratio=0.0))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            ("Γεια", "hi dog"),
            r"en-el\.tsv: has no sentence of the data's first 1,000 examples, but their translations; take",
        ),
        (("Hi", "Γεια"), r"en-el\.tsv: has no sentence of the data's first 1,000 examples; its sources are to be"),
    ],
)
def test_sentences_without_a_hit(tokenizer, pairs, message):
    mixer = CodeMixer((), sentences=SentencePairs.from_pairs([pairs], "en-el.tsv"))
    with pytest.raises(UserError, match=message):
        require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer))


def test_a_sentence_that_is_not_drawn_is_a_hit(tokenizer, caplog):
    pairs = SentencePairs.from_pairs([(RECORD["instruction"], "Γεια")])
    require_hit(
        ExampleMaker(InstructionForm(), [RECORD], tokenizer, CodeMixer((), sentences=pairs, sentence_ratio=0.0))
    )
    assert caplog.text == ""


def test_a_dictionary_without_a_hit(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("γάτα", "cat")], "el-en.txt"), ratio=0.5)
    message = r"el-en\.txt: has none of the data's words, and turned round none; its source language"
    with pytest.raises(UserError, match=message):
        require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer))


def test_few_hits_are_told(tokenizer, caplog):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")], "el-en.txt"), ratio=0.5)
    records = [{"instruction": "a b c d e f g h i j", "output": "k l m n o p q r s t u v"}] * 3 + [RECORD]
    require_hit(ExampleMaker(InstructionForm(), records, tokenizer, mixer))
    assert "el-en.txt: has 2.8 % of the data's words, and turned round none; its source" in caplog.text
    caplog.clear()
    require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer))
    assert caplog.text == ""


def test_the_other_direction_is_told(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("σκύλος", "dog"), ("πες", "say")], "el-en.txt"), ratio=0.5)
    message = r"none of the data's words, and turned round \d+\.\d %; take .* the other direction"
    with pytest.raises(UserError, match=message):
        require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer))


def test_a_field_without_a_hit(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")], "en-el.txt"), ratio=0.5)
    require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer, ("instruction",)))
    with pytest.raises(UserError, match=r"^input: has no word to mix; give other data"):
        require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer, mixer, ("input",)))
    require_hit(ExampleMaker(InstructionForm(), [RECORD], tokenizer))  # nothing is mixed


def test_the_ratio_of_an_amount(tokenizer):
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    records = [{"instruction": " ".join(words), "output": word} for word in words]
    mixer = CodeMixer(BilingualDictionary.from_pairs([(word, word[::-1]) for word in words]), ratio=0.9)
    fit = fit_mixer([ExampleMaker(InstructionForm(), records, tokenizer)], mixer, MixingFlags(target_share=0.4))
    assert fit.requested == 0.4
    assert fit.reached == pytest.approx(0.4, abs=0.02)
    assert fit.mixer.settings.ratio == pytest.approx(0.4, abs=0.1)


def test_a_field_that_is_annotated_is_one_of_a_mixed_source():
    mixer = CodeMixer(
        BilingualDictionary.from_pairs([("dog", "σκύλος")]), surface="annotate", annotate_fields=("input", "text")
    )
    instructions = ExampleMaker(InstructionForm(), [RECORD], None, mixer)
    with pytest.raises(SettingError, match="annotate_fields text: no such field in the data; there are instruction"):
        require_annotated_fields([instructions])
    require_annotated_fields([instructions, ExampleMaker(PlainTextForm(), [{"text": "a"}], None, mixer)])
    require_annotated_fields([ExampleMaker(InstructionForm(), [RECORD], None)])


def test_a_field_of_later_records_may_be_annotated():
    """As of conversations, of which the first one may be short."""
    turns = [conversation(("u", "dog"), ("a", "dog")), conversation(*[("u", "dog"), ("a", "dog")] * 2)]
    records = [{"messages": messages} for messages in turns]

    def complaint_of(name):
        pairs = BilingualDictionary.from_pairs([("dog", "σκύλος")])
        mixer = CodeMixer(pairs, surface="annotate", annotate_fields=(name,))
        form = ChatForm(ChatTemplate("", "x", {}, (), TODAY))
        try:
            require_annotated_fields([ExampleMaker(form, records, None, mixer)])
        except SettingError as error:
            return str(error)
        return None

    assert complaint_of("user 2") is None
    assert "there are user 1, output, assistant 1, user 2" in complaint_of("user 3")


def test_annotation_annotates_something():
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), surface="annotate")
    with pytest.raises(SettingError, match=r"surface annotate: no field that is mixed is annotated \(output\)"):
        require_annotated_fields([ExampleMaker(InstructionForm(), [RECORD], None, mixer, ("output",))])
    require_annotated_fields([ExampleMaker(InstructionForm(), [RECORD], None, mixer)])
