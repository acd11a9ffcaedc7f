"""What a trial's results say of the machine."""

import os
import platform

from commit_llm.study.trial_run import processor


def test_the_processor_is_named(tmp_path):
    (tmp_path / "cpuinfo").write_text("flags\t: a\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Some CPU\n")
    assert processor(tmp_path / "cpuinfo") == f"{os.cpu_count()} x Some CPU @ 2 GHz"
    assert processor(tmp_path / "none") == f"{os.cpu_count()} x {platform.machine()}"
