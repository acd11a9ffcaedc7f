"""Style clean: which words are replaced."""

import pytest

from commit_llm.codemix import CodeMixer
from tests.codemix.toy import DICTIONARY, EVERY


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("the\tdog\nDog-house/dog, don't don’t", "the\tσκύλος\nΣκύλος-σπίτι/σκύλος, μην μην"),
        ("Will sings. (Will) Will!", "Will sings. (Will) Will!"),  # the third stands within a sentence: a name
        ("Will sings. Will!\n- Will", "Θα sings. Θα!\n- Θα"),
        ('He said: "No." Will you?', 'He said: "No." Θα you?'),
        ("end.Will", "end.Will"),  # no white space: an address, for all one knows
        ("US dogs: us", "US dogs: εμάς"),
        ("same house", "same σπίτι"),
        ("dog2 2dog my_dog _dog_ dog.house e.g. 3.dog", "dog2 2dog my_dog _σκύλος_ dog.house e.g. 3.σκύλος"),
        ("`dog` dog ``a ` dog`` ```dog\ndog``` dog", "`dog` σκύλος ``a ` dog`` ```dog\ndog``` σκύλος"),
        ("```dog\nhouse", "```dog\nhouse"),
        ("http://a.b/dog www.dog.gr dog@house.gr dog", "http://a.b/dog www.dog.gr dog@house.gr σκύλος"),
        ("$dog$ $5 dog $6", "$dog$ $5 σκύλος $6"),
        ("\\dog{house} {dog} {{dog}} \\(dog\\) dog", "\\dog{house} {dog} {{dog}} \\(dog\\) σκύλος"),
        ("dogs hotdog", "dogs hotdog"),
        ("", ""),
    ],
)  # fmt: skip
def test_clean(text, mixed):
    assert EVERY.mix(text).text == mixed


def test_all_capitals_on_request():
    assert CodeMixer(DICTIONARY, ratio=1.0, choice="first", all_capitals=True).mix("See Will, US DOG").text == (
        "See Θα, ΕΜΑΣ ΣΚΥΛΟΣ"
    )


def test_the_whole_example_decides_on_names():
    texts = {"question": "Will he come?", "context": "Ask Will Smith."}
    assert EVERY.mix_example(texts, row=0).texts == texts
    # ... also where the context is looked at only.
    assert EVERY.mix_example(texts, row=0, mixed_fields=["question"]).texts == texts
    assert EVERY.mix_example({"question": "Will he come?"}, row=0).texts == {"question": "Θα he come?"}


def test_a_word_has_one_fate_in_an_example():
    mixer = CodeMixer(DICTIONARY, ratio=0.5)
    text = "dog house " * 30
    drawn = {mixer.mix(text, row=row).text for row in range(40)}
    assert len(drawn) == 6  # dog: left, or one of two; house: left, or its only one
    assert all(len(set(one.split())) <= 2 for one in drawn)
    several = CodeMixer(DICTIONARY, ratio=0.5, draw="occurrence").mix(text).text
    assert set(several.split()) == {"dog", "σκύλος", "σκυλί", "house", "σπίτι"}
