"""A token a word: no word is unknown, and every text comes back."""

from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.endings import Ending
from commit_llm.model.families.config_json import read_config
from commit_llm.quickstart.example import CONFIG


def test_the_tokenizer(folder, asked, training):
    tokenizer = load_tokenizer(folder / "model")
    config = read_config(folder / "model")
    tokenizer.require_room(config.vocab_size)
    prompts = [alpaca_prompt(item.question, item.context) for items in asked.values() for item in items[:20]]
    for text in [*prompts, *training[:50], *training[-50:]]:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text
        assert 0 not in ids, "unknown word"
        assert len(ids) < CONFIG["max_position_embeddings"] - 256
    # A word is the same token at the start of an answer as within the context.
    assert tokenizer.encode("athens") == tokenizer.encode("in athens")[1:]


def test_an_answer_stops_at_a_newline(folder):
    tokenizer = load_tokenizer(folder / "model")
    endings = Ending((tokenizer.eos_id,)).of_tokens(tokenizer, read_config(folder / "model").vocab_size)
    stops = endings.at_once
    assert [tokenizer.decode([int(token)]) for token in stops.nonzero()[0] if token != tokenizer.eos_id] == ["\n"]
    assert tokenizer.encode("athens\n")[-1] in stops.nonzero()[0]
