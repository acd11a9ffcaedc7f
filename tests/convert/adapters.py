"""Adapters of random numbers, of which nothing is neutral, and their folders as PEFT has them."""

import numpy as np

from commit_llm.convert.peft_configuration import CONFIGURATION_FILE, peft_settings
from commit_llm.convert.peft_tensors import write_adapter
from commit_llm.files.whole import write_json
from commit_llm.model.adapter import declare_adapter
from commit_llm.model.parameters import map_declared


def draw_trained(config, adapter, seed=0):
    """What an adapter holds; B is not zero."""
    generator = np.random.default_rng(seed)
    declared = declare_adapter(config, adapter)
    return map_declared(lambda one: generator.normal(0, one.shape[-2] ** -0.5, one.shape).astype(np.float32), declared)


def write_folder(folder, trained, adapter, config, base, revision=None):
    """The folder of an adapter, with its configuration and its tensors alone."""
    folder.mkdir(exist_ok=True)
    write_json(folder / CONFIGURATION_FILE, peft_settings(adapter, config, str(base), revision))
    write_adapter(folder, trained, adapter, config)
    return folder
