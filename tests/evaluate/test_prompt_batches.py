"""Which prompts go together: shapes, rows and tokens of a batch."""

from commit_llm.evaluate.prompt_batches import padded_length, plan_batches


def test_a_batch_holds_no_more_tokens_than_long_prompts_would():
    lengths = [5, 1792, 1700, 250, 300, 90, 1100, 20] * 5
    plan = plan_batches(lengths, 2, 1792, 256)
    assert sorted(place for batch in plan for place in batch.prompts) == list(range(40))
    for batch in plan:
        assert len(batch.prompts) <= batch.rows
        assert batch.rows * (batch.width + 256) <= 2 * 2048
        assert batch.width % 256 == 0
        assert max(lengths[place] for place in batch.prompts) <= batch.width
    assert len({(batch.rows, batch.width) for batch in plan}) <= 7
    assert max(batch.rows for batch in plan) == 8


def test_batches_are_rows_that_the_devices_can_share():
    lengths = [300, 5, 700, 8, 9, 20]
    for batch in plan_batches(lengths, 1, 768, 256, lambda wanted: -(-wanted // 4) * 4):
        assert batch.rows % 4 == 0
        assert len(batch.prompts) <= batch.rows
    alone = plan_batches(lengths, 1, 768, 256)
    assert plan_batches(lengths, 1, 768, 256, lambda wanted: wanted) == alone


def test_long_prompts_go_fewer_at_a_time_and_in_few_shapes():
    lengths = [5, 1792, 2049, 2500, 3000, 5399, 7936, 7900, 300] * 4
    plan = plan_batches(lengths, 8, 7936, 256)
    assert sorted(place for batch in plan for place in batch.prompts) == list(range(36))
    for batch in plan:
        longest = max(lengths[place] for place in batch.prompts)
        assert longest <= batch.width <= min(7936, max(1.25 * longest, longest + 255))
        assert batch.rows * (batch.width + 256) <= 8 * 2048
    assert {batch.rows for batch in plan if batch.width == 7936} == {2}
    assert {batch.rows for batch in plan_batches(lengths, 1, 7936, 256) if batch.width > 2048} == {1}


def test_the_shapes_of_long_prompts():
    for positions, shapes in ((2048, 7), (8192, 16), (131072, 32)):
        longest = positions - 256
        assert len({min(longest, padded_length(length)) for length in range(longest + 1)}) == shapes
    assert all(padded_length(length) <= 1.25 * length for length in range(1024, 140_000, 7))
    assert [padded_length(length) for length in (0, 1, 256, 257, 2048)] == [256, 256, 256, 512, 2048]
