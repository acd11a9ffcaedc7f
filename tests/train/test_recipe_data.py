"""The data of a recipe: what is held out of training."""


def test_held_out_examples_are_not_trained_and_are_all_there(small_recipe, example):
    from commit_llm.data.packing.example_order import held_out_indices
    from commit_llm.files.records import read_records
    from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model

    recipe = small_recipe(held_out_share=0.2)
    _, batches, held_out, *_ = open_recipe_batches(recipe, open_recipe_model(recipe))
    records = read_records(example / "instructions.jsonl")
    rows = set(held_out_indices(recipe.held_out_share, recipe.seed, len(records)).tolist())
    assert abs(len(rows) / len(records) - 0.2) < 0.05
    assert {int(id) for batch in held_out for id in batch["example_ids"].flat} - {-1} == rows
    trained = {int(id) for _ in range(60) for id in next(batches)["example_ids"].flat} - {-1}
    assert len(trained) > 100
    assert not trained & rows
    supervised = sum(int(batch["loss_masks"].sum()) for batch in held_out)
    assert supervised >= 2 * len(rows)  # each answer and its eos, once
