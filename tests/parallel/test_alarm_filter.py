"""XLA's alarm of a slow compilation is left out, and nothing else. The messages are those of jaxlib 0.10.2."""

import pytest

from commit_llm.parallel.alarm_filter import without_alarms

STARS = "********************************\n"
SLOW = (
    f"{STARS}[Compiling module jit_step for CPU] Very slow compile? If you want to file a bug, run with envvar "
    f"XLA_FLAGS=--xla_dump_to=/tmp/foo and attach the results.\n{STARS}"
)
FIRST = f"E1129 16:20:03.175867   23531 slow_operation_alarm.cc:73] \n{SLOW}"
SECOND = f"E1129 16:22:26.158450   23529 slow_operation_alarm.cc:140] The operation took 4m22.984191593s\n\n{SLOW}"
OTHERS = [
    "W1129 16:20:03.175867   23531 cpu_executable.cc:1] Some other warning.\n",
    "E1129 16:20:03.175867   23531 slow_operation_alarm.cc:73] Constant folding an instruction is taking > 1s: add\n",
    f"{STARS}Traceback (most recent call last):\n",
    "training 120/1203",  # a bar, without an end of line
]


@pytest.mark.parametrize("alarm", [FIRST, SECOND, FIRST + FIRST])
@pytest.mark.parametrize("other", OTHERS)
def test_the_alarm_alone_is_left_out(alarm, other):
    for written, kept in ((alarm, ""), (alarm + other, other), (f"{other}\n{alarm}", f"{other}\n"), (other, other)):
        assert without_alarms(written.encode()) == kept.encode()
