"""A real Label Studio connected to a real `gouji annotate serve`: suggestions, events, and a model trained on them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from annotation._label_studio import to_task
from annotation.label_config import STATISTIC, label_config
from annotation.tasks import model_version
from models.ontology import load_ontology
from models.schema.gold import AnnotatedPassage, read_annotated
from models.tagger.tagger import DEFAULT
from tests.studio import TIMEOUT, Studio
from tests.test_serve import until
from tests.test_training import settings_file, split_file

TEXTS = ("全年收到政府信息公开申请5件，未发生行政诉讼。", "主动公开政府信息86条。", "收到政府信息公开申请7件。")
ALL = {"all": True, "excluded": []}


@contextmanager
def serving(root: Path, log: Path, *options: str) -> Iterator[str]:
    """The command as a person starts it; gives its address."""
    command = [sys.executable, "-m", "gouji", "annotate", "serve", "--port", "0", "--device", "cpu", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, stderr=output)
    try:
        until(lambda: "answers on" in log.read_text("utf-8") or process.poll() is not None)
        (address,) = re.findall(r"answers on (http://127\.0\.0\.1:\d+)", log.read_text("utf-8"))
        yield address
    finally:
        process.terminate()
        process.wait(60)


def versions(studio: Studio, title: str) -> dict[str, list[str]]:
    """The model versions of the suggestions of each passage, in the order of their making."""
    tasks = studio.tasks(title)
    return {t["meta"]["id"]: [p["model_version"] for p in sorted(t["predictions"], key=id_of)] for t in tasks}


def id_of(row: dict[str, Any]) -> int:
    return int(row["id"])


def labels(results: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {r["value"]["text"]: r["value"]["labels"] for r in results if r["from_name"] == STATISTIC}


def test_label_studio_asks_tells_and_gets_a_new_model(studio: Studio, root: Path, tmp_path: Path) -> None:
    config, gold, shipped = settings_file(root, tmp_path), tmp_path / "gold.jsonl", tmp_path / "shipped"
    shutil.copytree(DEFAULT, shipped)
    shutil.copy(split_file(tmp_path), shipped)
    passages = [AnnotatedPassage(f"live-{n}", "清平市林业局", 2021, "", "", "live", t, ()) for n, t in enumerate(TEXTS)]
    client, own = studio.client(), {"Authorization": f"Token {studio.account.token}"}
    browser = httpx.Client(base_url=studio.address, headers=own, timeout=TIMEOUT)
    project = client.projects.create(title="live", label_config=label_config(load_ontology())).id
    client.projects.import_tasks(id=project, request=[to_task(passage) for passage in passages])
    options = ("--model", str(shipped), "--train-config", str(config), "--gold", str(gold), "--after", "2")
    with serving(root, tmp_path / "serve.log", *options) as address:
        added = client.ml.create(project=project, url=address, title="gouji", is_interactive=True)
        first = model_version(shipped)
        assert (client.ml.get(added.id).state, client.ml.get(added.id).model_version) == ("CO", first)

        client.actions.create(id="retrieve_tasks_predictions", project=project, selected_items=ALL)
        assert versions(studio, "live") == {passage.id: [first] for passage in passages}
        tasks = {task["meta"]["id"]: task for task in studio.tasks("live")}
        results = tasks["live-0"]["predictions"][0]["result"]
        assert labels(results) == {"5": ["applications.received"], "未发生": ["litigation.total"]}
        selection = next(r for r in results if r["value"]["text"] == "5")
        asked = {"task": tasks["live-0"]["id"], "context": {"result": [selection]}}
        live = browser.post(f"/api/ml/{added.id}/interactive-annotating", json=asked).json()
        assert labels(live["data"]["result"]) == {"5": ["applications.received"]}

        def kept() -> set[str]:
            return {p.id for p in read_annotated([gold])} if gold.exists() else set()

        made = client.annotations.create(tasks["live-1"]["id"], result=tasks["live-1"]["predictions"][0]["result"])
        until(lambda: kept() == {"live-1"})
        client.annotations.delete(made.id)
        until(lambda: kept() == set())
        for name in ("live-0", "live-2"):
            client.annotations.create(tasks[name]["id"], result=tasks[name]["predictions"][0]["result"])
        until(lambda: kept() == {"live-0", "live-2"})

        until(lambda: client.ml.get(added.id).model_version == "run-1")
        opened = browser.get(f"/api/projects/{project}/next").json()
        assert (opened["id"], [p["model_version"] for p in opened["predictions"]]) == (tasks["live-1"]["id"], ["run-1"])
        client.actions.create(id="retrieve_tasks_predictions", project=project, selected_items=ALL)
        assert versions(studio, "live") == {passage.id: [first, "run-1"] for passage in passages}
    record = json.loads((tmp_path / "run-1" / "run.json").read_text("utf-8"))
    assert "live" in record["families"]["train"]
    assert next(p.figures for p in read_annotated([gold]) if p.id == "live-0")
