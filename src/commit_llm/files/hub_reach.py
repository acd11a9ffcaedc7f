"""Whether the Hugging Face hub answers at all: where it does not, its libraries are told so, and do not try for long.

A data set of the hub costs huggingface_hub five more tries, 23 seconds, with two lines of log for each. One request
says as much. HF_HUB_OFFLINE is the documented way to go without the hub; both libraries read it once, when they are
imported, into the constants that are set here for a while.
"""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from commit_llm.files.hub import is_unreachable

SECONDS = 3.0  # that the hub may take to answer, its address looked up included
REMEMBERED = 300.0  # seconds for which it is not asked again: model and data are fetched one after the other

LOGGER = logging.getLogger("commit_llm")


@dataclass
class Reach:
    """Remember whether the hub answered at `asked`, a time, and whether it is said that copies were taken."""

    answers: bool
    asked: float
    is_said: bool = False


_REACHES: dict[str, Reach] = {}  # by endpoint


@contextmanager
def hub_or_cache() -> Iterator[None]:
    """Let the hub's libraries take what this machine has of the hub, while inside, where the hub does not answer.

    That it was taken is told once, when something came of it.
    """
    import huggingface_hub.constants as constants

    if constants.is_offline_mode() or (reach := _reach(constants.ENDPOINT)).answers:
        yield
        return
    libraries = [constants, *filter(None, [sys.modules.get("datasets.config")])]
    for library in libraries:
        library.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        for library in libraries:
            library.HF_HUB_OFFLINE = False
    if not reach.is_said:
        LOGGER.info("%s does not answer; this machine's copies are taken", constants.ENDPOINT)
        reach.is_said = True


def _reach(endpoint: str) -> Reach:
    """Ask the hub, or remember what came of it some minutes ago."""
    reach = _REACHES.get(endpoint)
    if reach is None or time.monotonic() - reach.asked > REMEMBERED:
        reach = _REACHES[endpoint] = Reach(hub_answers(), time.monotonic())
    return reach


def hub_answers(seconds: float = SECONDS) -> bool:
    """Say whether the hub answers a request, with whatever, as huggingface_hub asks it: through its proxies.

    In a thread, since nothing else bounds the time for which a name server is waited for.
    """
    from huggingface_hub import constants, get_session

    session = get_session()  # made here: on a busy machine that takes longer than an answer
    answers, over = threading.Event(), threading.Event()

    def ask() -> None:
        try:
            session.head(constants.ENDPOINT, timeout=seconds)
            answers.set()
        except Exception as error:  # a certificate that is not trusted, say, is told in the line of whoever asks next
            if not is_unreachable(error):
                answers.set()
        finally:
            over.set()

    threading.Thread(target=ask, daemon=True).start()
    over.wait(seconds)
    return answers.is_set()
