"""What the fault suite works on: a small world, the stages, their undisturbed results, and a server of dictionaries."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.faults.commands import Commands
from tests.faults.disturb import KINDS, Suite
from tests.faults.named_files import write_prompts, write_streaming
from tests.faults.stages import STUDY, hashes_of, stages

PAIRS = "".join(f"word{number}\tλέξη{number}\n" for number in range(9_000)).encode("utf-8")
OUTCOMES = pytest.StashKey[list]()


class Dictionaries(BaseHTTPRequestHandler):
    """Give a dictionary, or the rest of it."""

    def do_GET(self) -> None:
        begun = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if begun >= len(PAIRS):
            self.send_error(416)
            return
        self.send_response(206 if begun else 200)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(PAIRS) - begun))
        self.end_headers()
        self.wfile.write(PAIRS[begun:])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def suite(tmp_path_factory):
    """All that a fault is done to."""
    from commit_llm.quickstart.example import write_example
    from tests.vocabulary.growing_models import GREEK, write_growing_model

    base = tmp_path_factory.mktemp("faults")
    world, made = base / "world", base / "made"
    world.mkdir()
    write_example(world, seed=0, training_people=81, test_people=27)
    write_growing_model(world / "growing", "bytes")
    (world / "el.txt").write_text("\n".join(GREEK), encoding="utf-8")
    write_prompts(world)
    write_streaming(world)
    (world / "study.yaml").write_text(STUDY.format(model=made / "export" / "model"), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dictionaries)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (base / "reports").mkdir()
    commands = Commands(base / "reports")

    def weights(run: Path):
        new = run.with_name("for its weights")
        ended = commands.run(["export", run, "--out", new, "--overwrite"], new)
        assert ended.status == 0, ended.errors
        tensors = hashes_of(new)["model.safetensors"]
        shutil.rmtree(new)
        return tensors, (run / "metrics.jsonl").read_bytes().splitlines()

    url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield Suite(commands, stages(world, made, url, weights), made)
    commands.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def outcomes(request):
    """Collect what became of each fault, for the table at the end."""
    return request.config.stash.setdefault(OUTCOMES, [])


def pytest_terminal_summary(terminalreporter, config):
    """Print the table of stages and kinds for docs/reliability.md: how many faults, and how many ended how."""
    outcomes = config.stash.get(OUTCOMES, [])
    if not outcomes:
        return
    terminalreporter.section(f"faults, --long-seed {config.getoption('long_seed')}")
    names = list(dict.fromkeys(outcome.stage for outcome in outcomes))
    for stage in names:
        cells = [sum((one.stage, one.kind) == (stage, kind) for one in outcomes) for kind in KINDS]
        terminalreporter.line(f"| {stage} | {' | '.join(map(str, cells))} |")
    for what in ("state", "way"):
        values = [getattr(outcome, what) for outcome in outcomes]
        counts = [f"{values.count(value)} {value}" for value in sorted(set(values))]
        terminalreporter.line(f"{len(outcomes)} faults: {', '.join(counts)}")


@pytest.fixture(scope="session")
def seed(request):
    return request.config.getoption("long_seed")
