"""Sources that are opened: their forms, seeds and mixers, and what cannot go together."""

import dataclasses
import json
from fractions import Fraction

import numpy as np
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.randomness import hash64
from commit_llm.codemix.ratio_schedule import RatioSchedule
from commit_llm.data.document_hashes import document_hash
from commit_llm.data.loader import held_out_batches, open_batches, training_documents, training_examples
from commit_llm.data.opened_sources import describe_sources, load_source, name_rows, open_sources
from commit_llm.data.packing.batch import indices_of
from commit_llm.data.packing.example_order import SOURCE, source_seed
from commit_llm.data.training_mixer import fit_mixer
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe

WORDS = ["the", "dog", "and", "cat", "see", "big", "house"]
DICTIONARY = BilingualDictionary.from_pairs([(word, f"mixed{word}") for word in WORDS])
MIXER = CodeMixer(DICTIONARY)
SENTENCES = SentencePairs.from_pairs([("A dog sees me.", "Ich bin gesehen."), ("So be it.", "Sei es.")], "en-de.tsv")
INSTRUCTIONS = [{"instruction": f"see the dog {n}", "output": f"the big house {n}"} for n in range(30)]
TEXTS = [{"text": f"the cat and the dog {n} see the house"} for n in range(12)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two files of two forms, in the current folder; few examples wait for a row, so that a batch takes few."""
    monkeypatch.setattr("commit_llm.data.packing.first_fit_packer.OPEN_ROWS", 2)
    monkeypatch.chdir(tmp_path)
    write("a.jsonl", INSTRUCTIONS)
    write("b.jsonl", TEXTS)
    return tmp_path


def write(name, records):
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def recipe_of(*data, unmixed=(), **changes):
    values = {"batch_size": 2, "seq_len": 400, "ratio": 0.5} | changes
    return dataclasses.replace(find_recipe("commit"), data=data, data_unmixed=tuple(unmixed), **values)


def opened(recipe, tokenizer, ratio=0.5, mixer=MIXER):
    mixer = mixer.with_ratio(ratio).with_seed(recipe.seed)
    return open_sources(recipe, tokenizer, mixer, lambda source, check: load_source(recipe, source, check))


def test_each_source_is_as_if_it_were_alone_with_its_seed(folder, tokenizer):
    """Its form is what its columns say; the first has the seed of the run."""
    recipe = recipe_of("a.jsonl=3", "b.jsonl=1", unmixed=["b.jsonl=0.5"], seed=5)
    makes = opened(recipe, tokenizer)
    assert [make.form.name for make in makes] == ["instruction", "text", "text"]
    assert [make.source.weight for make in makes] == [3, 1, Fraction(1, 2)]
    assert makes[2].mixer is None
    assert [source_seed(5, number) for number in range(3)] == [5, hash64(5, SOURCE, 1), hash64(5, SOURCE, 2)]
    order = training_examples(recipe, *makes)
    for number, data in enumerate(["a.jsonl", "b.jsonl", "b.jsonl"]):
        form = makes[number].form.name
        alone = recipe_of(data, form=form, seed=source_seed(5, number))
        (make,) = opened(alone, tokenizer)
        make = make if number < 2 else dataclasses.replace(make, mixer=None)
        expected = training_examples(alone, make)
        places = [place for place in range(200) if order.where(place).source == number]
        for own, place in enumerate(places):
            assert order[place].tokens.tolist() == expected[own].tokens.tolist()


def test_one_source_is_as_it_was(folder, tokenizer):
    """Whatever its weight: the order, the draws and the ids are those of a recipe that names the file alone."""
    (plain,), (weighted,) = (opened(recipe_of(data), tokenizer) for data in ("a.jsonl", "a.jsonl=7"))
    first, second = (open_batches(recipe_of("a.jsonl"), make) for make in (plain, weighted))
    for _ in range(3):
        one, other = next(first), next(second)
        assert all((one[name] == other[name]).all() for name in one)
    assert first.get_state() == second.get_state()
    assert describe_sources([plain]) == describe_sources([weighted])[1:] == []


def test_a_ratio_that_moves_is_read_at_the_passes_of_each_source(folder, tokenizer):
    schedule = RatioSchedule([(0, 0), (1, 2)])
    recipe = recipe_of("a.jsonl=1", "b.jsonl=1")
    makes = opened(recipe, tokenizer, schedule)
    order = training_examples(recipe, *makes)
    for position in (0, 1, 20, 21, 40, 63):
        source, epoch, record, place = order.where(position)
        assert epoch + place == (position // 2) / len(makes[source].records)
        fixed = dataclasses.replace(makes[source], mixer=makes[source].mixer.with_ratio(schedule.at(epoch + place)))
        assert order[position].tokens.tolist() == fixed(epoch, record).tokens.tolist()


def test_what_is_held_out_of_each(folder, tokenizer):
    recipe = recipe_of("a.jsonl=2", "b.jsonl=1", held_out_share=0.3, seed=1)
    makes = opened(recipe, tokenizer)
    held_out = set(indices_of(held_out_batches(recipe, *makes)).tolist())
    packer = open_batches(recipe, *makes)
    trained = set(indices_of([next(packer) for _ in range(18)]).tolist())
    assert not held_out & trained
    assert held_out | trained == set(range(42))
    assert any(id < 30 for id in held_out)
    assert any(id >= 30 for id in held_out)
    with pytest.raises(UserError, match=r"^b\.jsonl: --held-out-share 0\.001: holds out 0 of 12 examples"):
        training_examples(dataclasses.replace(recipe, held_out_share=0.001), makes[1], makes[0])


def test_a_sample_is_of_the_first_source_alone(folder, tokenizer):
    recipe = recipe_of("a.jsonl=2", "b.jsonl=1", max_train_samples=4, seed=1)
    makes = opened(recipe, tokenizer)
    order = training_examples(recipe, *makes)
    drawn = {(each.source, each.record) for each in map(order.where, range(order.num_records))}
    assert len([1 for source, _ in drawn if source == 0]) == 4
    assert {record for source, record in drawn if source == 1} == set(range(len(makes[1].records)))
    assert order.first_source_epoch == 5


def test_documents_of_each_are_known(folder, tokenizer):
    write("c.jsonl", [{"instruction": "who?", "input": "a context", "output": "anna"}])
    recipe = recipe_of("c.jsonl", "a.jsonl", unmixed=["b.jsonl"])
    documents = training_documents(recipe, *opened(recipe, tokenizer))
    texts = ["a context", *(record["text"] for record in TEXTS)]
    assert documents.tolist() == sorted({document_hash(text) for text in texts})
    assert documents.dtype == np.uint64


def test_rows_are_named_with_their_source(folder, tokenizer):
    makes = opened(recipe_of("a.jsonl", "b.jsonl", "a.jsonl"), tokenizer)
    assert (
        name_rows(makes, [0, 29, 30, 41, 42]) == "rows 0, 29 of a.jsonl and rows 0, 11 of b.jsonl and rows 0 of a.jsonl"
    )
    assert (
        name_rows(makes, range(20, 31)) == "rows 20, 21, 22, 23, 24, 25, 26, 27, ... of a.jsonl and rows 0 of b.jsonl"
    )
    assert name_rows(makes[:1], [3, 5]) == "rows 3, 5 of the data"


def test_what_provenance_says_of_them(folder, tokenizer):
    makes = opened(recipe_of("a.jsonl=3", unmixed=["b.jsonl=1"]), tokenizer)
    assert describe_sources(makes) == [
        {"data": "a.jsonl", "weight": 3.0, "share": 0.75, "form": "instruction", "mixed": True, "records": 30},
        {"data": "b.jsonl", "weight": 1.0, "share": 0.25, "form": "text", "mixed": False, "records": 12},
    ]
    (named,) = describe_sources(opened(recipe_of("b.jsonl=1:text"), tokenizer))  # of a recipe of instructions
    assert named["form"] == "text"


def test_an_amount_is_that_of_the_mixed_sources_as_they_are_drawn(folder, tokenizer):
    """Half of b's words are in the dictionary, none of c's: the more often c comes up, the higher the ratio."""
    write("c.jsonl", [{"text": "the xx xx xx xx xx xx xx xx xx"}] * 9)
    ratios = []
    for weight in (0.01, 1):
        recipe = recipe_of("b.jsonl=1", f"c.jsonl={weight}", unmixed=["a.jsonl"], target_share=0.2)
        makes = opened(recipe, tokenizer)
        fit = fit_mixer([make for make in makes if make.mixer], makes[0].mixer, recipe)
        assert fit.reached == pytest.approx(0.2, abs=0.02)
        ratios.append(fit.ratio)
    assert ratios[1] > 1.3 * ratios[0]


@pytest.mark.parametrize(
    ("data", "changes", "message"),
    [
        (["a.jsonl", "none.jsonl"], {}, r"none\.jsonl: no such data file"),
        ([], {}, "no training data; name a file or a hub data set with --data"),
        (["a.jsonl", "d.jsonl"], {}, r"d\.jsonl: its columns \('question'\) have neither form: instruction and "
         r"output, or text \(--fields\); write FILE=WEIGHT:instruction or FILE=WEIGHT:text"),
        (["a.jsonl", "e.jsonl"], {}, r"e\.jsonl: its columns \('instruction', 'output', 'text'\) have both forms"),
        (["a.jsonl", "d.jsonl=1:text"], {}, r"d\.jsonl: record 1 of the data: no field 'text'; it has 'question'"),
        (["a.jsonl", "f.jsonl"], {}, r"f\.jsonl: record 2 of the data: no field 'text'"),
        (["a.jsonl", "b.jsonl"], {"mix_fields": ("output",)},
         r"--mix-fields output: b\.jsonl has text; name one of them too, or give it with --data-unmixed"),
        (["x/one", "x/two"], {"data_config": "20231101.el"},
         r"--data-config 20231101\.el: is for one data set of the hub, and there are x/one, x/two; leave it"),
        (["a.jsonl", "b.jsonl"], {"data_revision": "v1"}, r"--data-revision v1: is for a data set of the hub"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened(folder, tokenizer, data, changes, message):
    write("d.jsonl", [{"question": "who?"}])
    write("e.jsonl", [{"instruction": "a", "output": "b", "text": "c"}])
    write("f.jsonl", [{"text": "a"}, {"txt": "b"}])
    with pytest.raises(UserError, match=message):
        opened(recipe_of(*data, **changes), tokenizer)


def test_nothing_is_left_to_mix(folder, tokenizer):
    recipe = dataclasses.replace(recipe_of(unmixed=["a.jsonl"]), data=None)
    with pytest.raises(UserError, match="--data-unmixed: no source is left to mix; name one with --data, or set"):
        opened(recipe, tokenizer)
    (make,) = open_sources(recipe, tokenizer, None, lambda source, check: load_source(recipe, source, check))
    assert describe_sources([make])[0]["mixed"] is False


def test_a_form_that_is_named_and_fields_that_one_source_has(folder, tokenizer):
    write("e.jsonl", [{"instruction": "a dog", "output": "the cat", "text": "see the house"}])
    makes = opened(recipe_of("e.jsonl=1:text", "e.jsonl=1:instruction", mix_fields=("output", "text")), tokenizer)
    assert [make.form.name for make in makes] == ["text", "instruction"]
    assert [make.mix_fields for make in makes] == [("text",), ("output",)]
    first, second = (
        tokenizer.decode(dataclasses.replace(make, mixer=make.mixer.with_ratio(1.0))(0, 0).tokens.tolist())
        for make in makes
    )
    assert first == "mixedsee mixedthe mixedhouse"
    assert ("a dog" in second, "mixedthe mixedcat" in second) == (True, True)
    write("g.jsonl", [{"q": "a dog", "a": "the cat"}])
    makes = opened(recipe_of("g.jsonl", "a.jsonl", fields="q+a"), tokenizer)
    assert [make.form.name for make in makes] == ["text", "instruction"]


def test_what_the_hub_is_asked_for_is_for_its_data_set(folder, tokenizer, monkeypatch):
    asked = []
    monkeypatch.setattr("commit_llm.files.training_data.load_hub", lambda *args: asked.append(args) or TEXTS)
    recipe = recipe_of("a.jsonl=1", "x/one=1", data_config="el", data_revision="v2")
    assert [make.form.name for make in opened(recipe, tokenizer)] == ["instruction", "text"]
    assert asked == [("x/one", "el", "train", "v2")]


def test_a_dictionary_without_a_word_of_one_source(folder, tokenizer):
    write("el.jsonl", [{"text": "ο σκύλος και η γάτα"}] * 3)
    recipe = recipe_of("a.jsonl", "el.jsonl")
    with pytest.raises(UserError, match=r"^el\.jsonl: .*has none of the data's words"):
        open_batches(recipe, *opened(recipe, tokenizer))
    beside = recipe_of("a.jsonl", unmixed=["el.jsonl"])
    assert next(open_batches(beside, *opened(beside, tokenizer)))


def test_a_warning_names_its_source(folder, tokenizer, caplog):
    write("few.jsonl", [{"text": f"dog {'elsewhere ' * 40}"}])
    recipe = recipe_of("a.jsonl", "few.jsonl")
    open_batches(recipe, *opened(recipe, tokenizer))
    assert [record.message.split(": ")[0] for record in caplog.records] == ["few.jsonl"]


def test_whatever_is_killed_at_ten_moments_goes_on_with_the_same_batches(folder, tokenizer):
    """Files opened again, and the state as a checkpoint has it: a ratio that moves, sentences, two mixed sources."""
    told = "A dog sees me. The cat and the dog see the house. So be it."
    write("a.jsonl", [{"instruction": f"{n} dogs?", "output": told} for n in range(30)])
    write("b.jsonl", [{"text": f"{told} And {n} dogs."} for n in range(12)])
    mixer = CodeMixer(DICTIONARY, sentences=SENTENCES, sentence_ratio=0.5)
    recipe = recipe_of("a.jsonl=2", "b.jsonl=1", seed=3, seq_len=256, batch_size=1)
    schedule = RatioSchedule([(0, 0), (1, 2)])
    undisturbed = open_batches(recipe, *opened(recipe, tokenizer, schedule, mixer))
    states, batches = [], []
    for _ in range(21):
        states.append(json.dumps(undisturbed.get_state()))
        batches.append(next(undisturbed))
    for moment in range(0, 20, 2):
        resumed = open_batches(recipe, *opened(recipe, tokenizer, schedule, mixer))
        resumed.set_state(json.loads(states[moment]))
        for expected in batches[moment : moment + 2]:
            batch = next(resumed)
            assert all(np.array_equal(expected[name], batch[name]) for name in expected)
    places = [undisturbed.examples.where(position) for position in range(undisturbed.get_state()["position"])]
    assert {place.source for place in places if place.place > 0.5} == {0, 1}
    text = tokenizer.decode(np.concatenate([batch["input_tokens"].ravel() for batch in batches]).tolist())
    mixed = ["A dog sees me.", "Ich bin gesehen.", "The cat", "mixedcat", "So be it.", "Sei es."]
    assert [part for part in mixed if part not in text] == []


QUESTIONS = [{"question": record["instruction"], "answer": record["output"], "id": "x"} for record in INSTRUCTIONS]
COLUMNS = ("instruction=question", "output=answer")


def test_columns_of_other_names_give_the_same_examples(folder, tokenizer):
    """Beside a source that has the fields themselves, and one of another kind."""
    write("q.jsonl", QUESTIONS)
    write("c.jsonl", [{"content": record["text"]} for record in TEXTS])
    plain = recipe_of("a.jsonl=2", "a.jsonl=1", "b.jsonl=1", unmixed=["b.jsonl=1"])
    named = recipe_of("q.jsonl=2", "a.jsonl=1", "c.jsonl=1", unmixed=["b.jsonl=1"], columns=(*COLUMNS, "text=content"))
    first, second = (opened(recipe, tokenizer) for recipe in (plain, named))
    assert [make.form.name for make in second] == ["instruction", "instruction", "text", "text"]
    orders = [training_examples(recipe, *makes) for recipe, makes in ((plain, first), (named, second))]
    for position in range(100):
        assert orders[0][position].tokens.tolist() == orders[1][position].tokens.tolist()
    documents = [training_documents(recipe, *makes).tolist() for recipe, makes in ((plain, first), (named, second))]
    assert documents[0] == documents[1]
    assert list(second[0].records) == QUESTIONS  # nothing is copied under other names


def test_columns_of_the_hub(folder, tokenizer):
    """Whose records nobody looks at while they are opened."""
    recipe = recipe_of("x/questions", columns=COLUMNS)
    (make,) = open_sources(recipe, tokenizer, MIXER, lambda source, check: QUESTIONS)
    assert make.form.texts(QUESTIONS[0], 0)["output"] == QUESTIONS[0]["answer"]
    for columns, message in (
        ((), "no field 'instruction'; it has .*; --columns instruction=question output=answer would probably do"),
        (
            ("instruction=qestion",),
            "--columns instruction=qestion: x/questions: no column 'qestion'; it has 'question', ",
        ),
    ):
        with pytest.raises(UserError, match=message):
            open_sources(recipe_of("x/questions", columns=columns), tokenizer, MIXER, lambda source, check: QUESTIONS)


@pytest.mark.parametrize(
    ("data", "columns", "message"),
    [
        (["q.jsonl"], (), r"record 1 of the data: no field 'instruction'; it has 'question', 'answer', 'id'; --columns "
         r"instruction=question output=answer would probably do"),
        (["a.jsonl", "q.jsonl"], (), r"q\.jsonl: its columns .* have neither form: .*; or --columns instruction=quest"),
        (["q.jsonl"], COLUMNS[:1], r"no field 'output'; it has .*; --columns instruction=question output=answer would"),
        (["q.jsonl"], ("instruction=question", "output=anser"), r"--columns output=anser: q\.jsonl: no column 'anser'; "
         r"it has 'question', 'answer', 'id'; --columns instruction=question output=answer would probably do"),
        (["a.jsonl", "q.jsonl"], (*COLUMNS, "input=about"), r"--columns input=about: q\.jsonl: no column 'about'"),
        (["a.jsonl", "b.jsonl"], COLUMNS, r"--columns instruction=question: no source of the data has a column 'que"),
        (["s.jsonl"], (), r"name them with --columns instruction=question input=context output=COLUMN"),
        (["m.jsonl"], (), r"a conversation \(column messages\); --prompt chat tunes on these$"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit(folder, tokenizer, data, columns, message):
    write("q.jsonl", QUESTIONS)
    write("s.jsonl", [{"id": "1", "context": "a", "question": "b", "answers": {"text": ["c"]}}])
    write("m.jsonl", [{"messages": [{"role": "user", "content": "a"}]}])
    with pytest.raises(UserError, match=message):
        opened(recipe_of(*data, columns=columns), tokenizer)
