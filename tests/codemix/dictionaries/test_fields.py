"""What the fields of a dictionary hold beside words: lists, notes, signs for others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.codemix.dictionaries.fields import EXAMPLES, Tally, taken_apart, without_notes

WHOLE = {}
FIELDS = [
    # target of the file            its parts                           what is counted
    ("σκύλος",                      ["σκύλος"],                         WHOLE),
    ("φτιάχνω, κατασκευάζω,κάνω",   ["φτιάχνω", "κατασκευάζω", "κάνω"], {"list"}),
    ("ένα; μια ; ένας",             ["ένα", "μια", "ένας"],             {"list"}),
    ("αγόρι / νεαρός",              ["αγόρι", "νεαρός"],                {"list"}),
    ("ο/η δικηγόρος",               ["ο/η δικηγόρος"],                  WHOLE),
    ("σπίτι· οίκος",                ["σπίτι", "οίκος"],                 {"list"}),
    ("col·lecció",                  ["col·lecció"],                     WHOLE),
    ("كلب، جرو؛ كلبة",              ["كلب", "جرو", "كلبة"],             {"list"}),
    ("狗、犬，小狗；幼犬",               ["狗", "犬", "小狗", "幼犬"],           {"list"}),
    ("ውሻ፣ ቡችላ፤ ውሾች",                ["ውሻ", "ቡችላ", "ውሾች"],              {"list"}),
    ("1,000",                       ["1,000"],                          WHOLE),
    ("1,5 λίτρο, μπουκάλι",         ["1,5 λίτρο", "μπουκάλι"],          {"list"}),
    ("१,००० रुपये",                  ["१,००० रुपये"],                     WHOLE),
    ("τι κάνεις;",                  ["τι κάνεις"],                      WHOLE),
    (", ,",                         [", ,"],                            WHOLE),
    ("σπίτι (χτίριο), οίκος",       ["σπίτι", "οίκος"],                 {"note", "list"}),
    ("(καθ.) σπίτι",                ["σπίτι"],                          {"note"}),
    ("{राजनीति~संबंधी}निरंकुशता",       ["निरंकुशता"],                       {"note"}),
    ("पद[गणित~में]",                ["पद"],                             {"note"}),
    ("足（身体）、脚【书】",              ["足", "脚"],                         {"note", "list"}),
    ("κόκκινος (μαλλιά, (και, εκεί)) άλικος", ["κόκκινος άλικος"],      {"note"}),
    ("σκελετός, (της",              ["σκελετός"],                       {"note"}),
    ("(ε)αυτός",                    ["αυτός"],                          {"note"}),
    ("α) πρώτο",                    ["α) πρώτο"],                       WHOLE),
    ("[απαρχ.]",                    [],                                 {"nothing but a note"}),
    ("( ) , (α)",                   [","],                              {"note"}),
    ("πολική~αρκούδα",              ["πολική αρκούδα"],                 {"tilde"}),
    ("~",                           [],                                 {"nothing but a note"}),
    ("l&#39;eau &amp; le feu",      ["l'eau & le feu"],                 {"character reference"}),
    ("R&D; λοιπά & άλλα",           ["R&D", "λοιπά & άλλα"],            {"list"}),
]  # fmt: skip


@pytest.mark.parametrize(("target", "parts", "kinds"), FIELDS)
def test_a_target_is_taken_apart(target, parts, kinds):
    tally = Tally()
    assert taken_apart([("dog", target)], tally) == [("dog", part) for part in parts]
    assert tally.pairs == dict.fromkeys(kinds, 1)
    assert tally.examples == {kind: [("dog", target)] for kind in kinds}


@pytest.mark.parametrize(
    ("source", "mended", "kinds"),
    [
        ("dog (animal)", "dog", {"note"}),
        ("(to) abandon", "abandon", {"note"}),
        ("colo[u]r", "color", {"note"}),
        ("polar~bear", "polar bear", {"tilde"}),
        ("abandon, to", "abandon, to", WHOLE),
        ("colour / color; hue", "colour / color; hue", WHOLE),
    ],
)
def test_a_source_loses_its_notes_and_is_no_list(source, mended, kinds):
    tally = Tally()
    assert taken_apart([(source, "σκύλος")], tally) == [(mended, "σκύλος")]
    assert tally.pairs == dict.fromkeys(kinds, 1)


def test_a_pair_without_a_source_goes():
    assert taken_apart([("(dog)", "σκύλος")], tally := Tally()) == []
    assert tally.pairs == {"nothing but a note": 1}


def test_every_pair_is_counted_and_a_few_are_kept():
    pairs = [(f"word{number}", "α, β") for number in range(EXAMPLES + 2)]
    assert len(taken_apart(pairs, tally := Tally())) == 2 * len(pairs)
    assert (tally.pairs, tally.examples) == ({"list": len(pairs)}, {"list": pairs[:EXAMPLES]})


def test_brackets_by_the_ten_thousand_take_no_time():
    """A field may be as long as a line."""
    assert without_notes("(" * 32_000 + "a" + ")" * 32_000 + "b") == "b"
    assert without_notes(")(" * 32_000) == ")"


@settings(max_examples=50)
@given(st.text(st.sampled_from("ab1 ,;、/·()[】~&"), max_size=20).map(str.strip).filter(bool))
def test_what_was_taken_apart_has_nothing_left_to_take_apart(target):
    """So a cleaned dictionary that is written as a .tsv file is read as it is."""
    parts = taken_apart([("dog", target)], Tally())
    assert all(part and part == part.strip() for _, part in parts)
    if target.strip(" ,;、/·"):
        assert taken_apart(parts, tally := Tally()) == parts
        assert tally.pairs == {}
