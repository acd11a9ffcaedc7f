"""Which prompts go together: shapes, rows and tokens of a batch."""

from commit_llm.evaluate.prompt_batches import plan_batches


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
