"""`python -m tests.annotate_scale 2000`: that many tasks to a Label Studio of one's own and back; not run in CI.

The passages of the corpus stand for windows of reports, their figures for suggestions and for what an annotator
did. The server is restarted in the middle. Prints seconds, and the peak memory of gouji, which is to stay the same
for any number of tasks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from annotation._label_studio import to_task
from annotation._server import Labelling, Server
from annotation.answers import Suggestions
from annotation.label_config import instructions, label_config
from annotation.local_server import account_in, running
from models.ontology import load_ontology
from models.schema.gold import AnnotatedPassage, read_annotated

ROOT = Path(__file__).resolve().parent.parent
PORT = 18765
PUSH = "import sys; from tests.annotate_scale import push; push(int(sys.argv[1]))"


def passages(number: int) -> Iterator[AnnotatedPassage]:
    """The first passages of the corpus."""
    return islice(read_annotated(sorted((ROOT / "training" / "corpus").glob("*.jsonl"))), number)


def tasks(number: int) -> Iterator[dict[str, Any]]:
    """Their tasks, annotated as suggested."""
    for passage in passages(number):
        task = to_task(passage, None, Suggestions(passage.figures, 0.9, "scale"))
        yield {**task, "annotations": [{"result": task["predictions"][0]["result"]}]}


def push(number: int) -> None:
    """As `gouji annotate push` does, without a tagger."""
    ontology = load_ontology()
    labelling = Labelling("scale", label_config(ontology), instructions(ontology))
    print(Server.from_environment().push(labelling, tasks(number), lambda _: None))  # noqa: T201


def measured(name: str, command: list[str], variables: dict[str, str]) -> None:
    """Run it and print what it needed."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env={**os.environ, **variables})
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, name
    seconds = time.monotonic() - start
    print(f"{name}: {seconds:.0f} s, peak memory of gouji {usage.ru_maxrss / 1024:.0f} MiB")  # noqa: T201


def main(number: int) -> None:
    """Push half, restart, push all, pull, compare."""
    program = ROOT / ".venv-label-studio" / "bin" / "label-studio"
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name), Path(name) / "gold.jsonl"
        own = {"LABEL_STUDIO_API_KEY": account_in(folder).token}
        with running(program, folder, PORT) as address:
            own["LABEL_STUDIO_URL"] = address
            measured(f"push of {number // 2}", ["-c", PUSH, str(number // 2)], own)
        with running(program, folder, PORT):
            measured(f"push of {number} after a restart", ["-c", PUSH, str(number)], own)
            measured("push again", ["-c", PUSH, str(number)], own)
            pull = ["-m", "gouji", "annotate", "pull", "--project", "scale", "--out", str(out)]
            measured(f"pull of {number}", pull, own)
        for got, sent in zip(read_annotated([out]), passages(number), strict=True):
            assert (got.id, got.text, set(got.figures)) == (sent.id, sent.text, set(sent.figures))
        print("all passages came back as they were")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
