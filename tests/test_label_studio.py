"""Against a real Label Studio: push, annotate as two people, pull, train, push again; kills, restarts, a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from annotation import _server
from annotation._server import Labelling, Server
from annotation.cli import app
from annotation.label_config import instructions, label_config, label_names
from annotation.local_server import ACCOUNT, KEY, LOG, running
from annotation.review import ANSWER, ANSWERS, PLACES, review_config, review_instructions, review_tasks
from annotation.run_findings import contradictions
from gouji import app as gouji
from models.ontology import load_ontology
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, read_annotated
from tests.studio import TIMEOUT, Studio
from tests.test_training import TINY

REPORTS = ("lishan-jiaoyuju-2022.html", "tongyin-jiedao-2021.txt")
run = CliRunner().invoke


@pytest.fixture(scope="session")
def reports(root: Path) -> list[str]:
    return [str(root / "examples" / "reports" / name) for name in REPORTS]


@pytest.fixture(scope="session")
def sent(reports: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The tasks that a push of the reports has to bring."""
    return to_file(reports, tmp_path_factory.mktemp("tasks") / "tasks.json")


def to_file(reports: list[str], path: Path, *options: str) -> list[dict[str, Any]]:
    result = run(app, ["push", *reports, "--device", "cpu", "--to-file", str(path), *options])
    assert result.exit_code == 0, result.output
    return list(json.loads(path.read_text("utf-8")))


def push(studio: Studio, reports: list[str], title: str, *options: str, token: str = "") -> str:
    """The command's last line."""
    arguments = ["push", *reports, "--device", "cpu", "--project", title, *options]
    result = run(app, arguments, env=studio.variables(token))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.stderr.splitlines()[-1]


def pull(studio: Studio, title: str, out: Path, *options: str) -> dict[str, AnnotatedPassage]:
    result = run(app, ["pull", "--project", title, "--out", str(out), *options], env=studio.variables())
    assert result.exit_code == 0, result.output + repr(result.exception)
    passages = list(read_annotated([out]))
    assert len({p.id for p in passages}) == len(passages)
    return {p.id: p for p in passages}


def suggestions(tasks: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """How often each passage has suggestions of each model version."""
    return Counter((task["meta"]["id"], p["model_version"]) for task in tasks for p in task["predictions"])


def expected(sent: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return Counter((task["meta"]["id"], p["model_version"]) for task in sent for p in task.get("predictions", []))


def annotate(
    client: Any, tasks: list[dict[str, Any]], *, leave_out: int = 0
) -> dict[str, list[tuple[int, int, list[str]]]]:
    """Submit the suggestions, less some regions from the end; gives what was submitted, by passage."""
    submitted = {}
    for task in tasks:
        results = task["predictions"][0]["result"] if task["predictions"] else []
        names = list(dict.fromkeys(r["id"] for r in results))
        kept = [r for r in results if r["id"] in names[: len(names) - leave_out]]
        client.annotations.create(task["id"], result=kept, lead_time=1.0)
        values = [r["value"] for r in kept if r["type"] == "labels"]
        submitted[task["meta"]["id"]] = [(v["start"], v["end"], v["labels"]) for v in values]
    return submitted


def figures(passages: dict[str, AnnotatedPassage]) -> dict[str, list[tuple[int, int, str]]]:
    return {name: sorted((f.start, f.end, f.statistic) for f in p.figures) for name, p in passages.items()}


def flat(submitted: dict[str, list[tuple[int, int, list[str]]]]) -> dict[str, list[tuple[int, int, str]]]:
    return {
        name: sorted((start, end, label) for start, end, labels in values for label in labels)
        for name, values in submitted.items()
    }


# ---- push


KILLED = """
import os, signal, sys, annotation._connection as connection, annotation._server as server, gouji
server.TASKS_PER_REQUEST, flow, sent = 2, connection._Renewed.auth_flow, []
when = sys.argv.pop(1)
def end_in_the_third_import(event, info):
    if event == when and info["request"].url.target.split(b"?")[0].endswith(b"/import"):
        sent.append(event)
        if len(sent) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
def traced(self, request):
    request.extensions["trace"] = end_in_the_third_import
    return flow(self, request)
connection._Renewed.auth_flow = traced
gouji.main()
"""


@pytest.mark.parametrize(
    ("event", "there"),
    [("http11.send_request_headers.started", {4}), ("http11.receive_response_headers.started", {4, 6})],
    ids=["before a request", "while the server works on it"],
)
def test_a_push_killed_in_the_middle_is_completed_by_the_next(
    studio: Studio, reports: list[str], sent: list[dict[str, Any]], root: Path, event: str, there: set[int]
) -> None:
    title = f"killed {event}"
    command = [sys.executable, "-c", KILLED, event, "annotate", "push", *reports, "--device", "cpu", "--project", title]
    killed = subprocess.run(command, cwd=root, env={**os.environ, **studio.variables()}, check=False)
    assert killed.returncode == -signal.SIGKILL
    last = push(studio, reports, title)
    assert re.search(r"; \d+ new, \d+ as they were$", last)
    assert len(sent) - int(last.rpartition(" new")[0].rpartition(" ")[2]) in there

    tasks = studio.tasks(title)
    assert sorted(t["meta"]["id"] for t in tasks) == sorted(t["meta"]["id"] for t in sent)
    assert suggestions(tasks) == expected(sent)


def test_doubles_of_two_pushes_at_once_are_removed_unless_annotated(
    studio: Studio, reports: list[str], sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _server._index

    def before_the_other_ends(client: Any, project: int) -> Any:
        stored = whole(client, project)
        client.projects.import_tasks(id=project, request=sent[:3])
        return stored

    def suggested_twice(client: Any, project: int) -> Any:
        stored = whole(client, project)
        there = [(stored[task["meta"]["id"]].task, task["predictions"][0]) for task in newer]
        client.projects.import_predictions(id=project, request=[{"task": t, **p} for t, p in there])
        return stored

    monkeypatch.setattr(_server, "_index", before_the_other_ends)
    push(studio, reports, "twice")
    tasks = studio.tasks("twice")
    assert sorted(t["meta"]["id"] for t in tasks) == sorted(t["meta"]["id"] for t in sent)
    assert suggestions(tasks) == expected(sent)

    newer = json.loads(json.dumps([task for task in sent if "predictions" in task][:2]).replace("tagger-", "newer-"))
    monkeypatch.setattr(_server, "_index", suggested_twice)
    labelling = Labelling("twice", label_config(load_ontology()), "")
    Server(studio.address, studio.account.token).push(labelling, newer, lambda _: None)
    assert suggestions(studio.tasks("twice")) == expected(sent) | expected(newer)

    monkeypatch.setattr(_server, "_index", before_the_other_ends)
    annotate(studio.client(), tasks)
    push(studio, reports, "twice")
    assert len([t for t in studio.tasks("twice") if t["total_annotations"]]) == len(sent)


def test_the_project_shows_configuration_and_instructions(
    studio: Studio, reports: list[str], sent: list[dict[str, Any]]
) -> None:
    push(studio, reports, "shown")
    client = studio.client()
    (project,) = [p for p in client.projects.list() if p.title == "shown"]
    assert "本年度" in project.label_config
    assert "文字零" in project.expert_instruction
    assert project.show_instruction
    assert project.model_version == sent[0]["predictions"][0]["model_version"]
    client.projects.update(project.id, expert_instruction="old")
    assert push(studio, reports, "shown").endswith(f"; {len(sent)} as they were")
    assert "文字零" in client.projects.get(project.id).expert_instruction


# ---- the whole loop


def test_two_people_then_a_new_model(
    studio: Studio, reports: list[str], sent: list[dict[str, Any]], second: str, root: Path, tmp_path: Path
) -> None:
    assert push(studio, reports, "loop").endswith(f"; {len(sent)} new")
    assert push(studio, reports, "loop", token=second).endswith(f"; {len(sent)} as they were")
    tasks = studio.tasks("loop")
    first_did = annotate(studio.client(), tasks)
    second_did = annotate(studio.client(second), tasks, leave_out=1)
    assert first_did != second_did
    studio.restart()

    mine = pull(studio, "loop", tmp_path / "first.jsonl", "--annotator", studio.account.email)
    theirs = pull(studio, "loop", tmp_path / "second.jsonl", "--annotator", "second@localhost.example")
    assert figures(mine) == flat(first_did)
    assert figures(theirs) == flat(second_did)
    assert {p.id: p.text for p in mine.values()} == {t["meta"]["id"]: t["data"]["text"] for t in sent}

    settings = {
        "corpus": ["corpus/*.jsonl"],
        "output": str(tmp_path / "run"), "copies": 1, "evaluations": 1, "held_out": 0.2, "epochs": 0.1,
        "batch_size": 8, "encoder": {"model_type": "deberta-v2", "config": TINY},
    }  # fmt: skip
    corpus = tmp_path / "corpus"
    shutil.copytree(root / "training" / "unseen", corpus)
    (tmp_path / "second.jsonl").rename(corpus / "pulled.jsonl")
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    trained = run(gouji, ["train", "--config", str(tmp_path / "settings.yaml")])
    assert trained.exit_code == 0, trained.output + repr(trained.exception)

    model = ("--model", str(tmp_path / "run"))
    newer = to_file(reports, tmp_path / "newer.json", *model)
    assert expected(newer)
    assert expected(newer).keys().isdisjoint(expected(sent))
    for _ in range(2):
        push(studio, reports, "loop", *model)
        tasks = studio.tasks("loop")
        assert suggestions(tasks) == expected(sent) | expected(newer)
        assert len(tasks) == len(sent)
        assert {t["total_annotations"] for t in tasks} == {2}
    assert figures(pull(studio, "loop", tmp_path / "again.jsonl", "--annotator", studio.account.email)) == flat(
        first_did
    )


@pytest.mark.parametrize(
    ("text", "marks", "reason"),
    [("x", [], "'x' does not stand at"), ("", ["zero"], "has digits, but is ticked as 文字零")],
    ids=["elsewhere", "zero"],
)
def test_a_refused_region_is_named_with_the_address_of_its_task(
    studio: Studio, reports: list[str], text: str, marks: list[str], reason: str, tmp_path: Path
) -> None:
    title = f"refused-{reason[:3]}"
    push(studio, reports, title)
    task = next(task for task in studio.tasks(title) if re.search("[0-9]", task["data"]["text"]))
    digit = re.search("[0-9]", task["data"]["text"])
    assert digit is not None
    value = {"start": digit.start(), "end": digit.end(), "text": text or digit.group()}
    common = {"id": "a", "to_name": "text"}
    wrong = [
        {**common, "from_name": "statistic", "type": "labels", "value": {**value, "labels": ["count"]}},
        {**common, "from_name": "marks", "type": "choices", "value": {**value, "choices": marks}},
    ]
    studio.client().annotations.create(task["id"], result=wrong[: 1 + len(marks)])
    result = run(app, ["pull", "--project", title, "--out", str(tmp_path / "gold.jsonl")], env=studio.variables())
    assert isinstance(result.exception, ConfigError)
    number, project, name = task["id"], task["project"], task["meta"]["id"]
    address = f"{studio.address}/projects/{project}/data?task={number}"
    assert f"task {number} ({name}, {address}): " in str(result.exception)
    assert reason in str(result.exception)
    assert not (tmp_path / "gold.jsonl").exists()


def test_several_projects_are_pulled_as_one(
    studio: Studio, second: str, reports: list[str], sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Two people in two projects, the second one for the first tasks only; what both did must be alike."""
    for title in ("north", "south"):
        push(studio, reports, title)
    did = annotate(studio.client(), studio.tasks("north"))
    also = annotate(studio.client(second), studio.tasks("south")[:3], leave_out=1)
    both = ("--project", "south", "--adjudicate", "strict")
    agreed = {name: values for name, values in did.items() if also.get(name, values) == values}
    assert 0 < len(agreed) < len(did)
    assert figures(pull(studio, "north", tmp_path / "gold.jsonl", *both)) == flat(agreed)
    newest = figures(pull(studio, "north", tmp_path / "gold.jsonl", "--project", "south"))
    assert newest == flat({**did, **also})


def test_a_budget_is_for_what_nobody_has_annotated(
    studio: Studio, reports: list[str], sent: list[dict[str, Any]]
) -> None:
    def names() -> set[str]:
        return {task["meta"]["id"] for task in studio.tasks("budget")}

    push(studio, reports, "budget", "--budget", "2")
    first = names()
    assert len(first) == 2
    assert push(studio, reports, "budget", "--budget", "2").endswith("; 2 as they were")
    annotate(studio.client(), studio.tasks("budget"))
    assert push(studio, reports, "budget", "--budget", "2").endswith("; 2 new")
    assert len(names()) == 4 <= len(sent)
    assert first < names()


# ---- contradictions to judge


@pytest.fixture(scope="session")
def judged(reports: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("judged")
    result = run(gouji, ["run", *reports, "--out", str(folder), "--no-html", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    return folder


def pull_reviews(studio: Studio, title: str, out: Path) -> list[dict[str, Any]]:
    command = ["pull", "--review", "--project", title, "--out", str(out)]
    result = run(app, command, env=studio.variables())
    assert result.exit_code == 0, result.output + repr(result.exception)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_two_people_judge_the_contradictions_of_a_run(
    studio: Studio, second: str, judged: Path, tmp_path: Path
) -> None:
    found = [task["meta"] for task in review_tasks(contradictions(judged))]
    assert found
    for words in ("new", "as they were"):
        pushed = run(app, ["push", "--review", str(judged)], env=studio.variables())
        assert pushed.stderr.splitlines()[-1] == f"{len(found)} contradictions; {len(found)} {words}"
    tasks = studio.tasks("gouji-review")
    assert [task["meta"] for task in tasks] == found
    for token, answer in ((studio.account.token, "report_wrong"), (second, "not_comparable")):
        result = [{"from_name": ANSWER, "to_name": "sentence", "type": "choices", "value": {"choices": [answer]}}]
        for task in tasks:
            studio.client(token).annotations.create(task["id"], result=result)
    lines = pull_reviews(studio, "gouji-review", tmp_path / "reviews.jsonl")
    answers = {(studio.account.email, "report_wrong"), ("second@localhost.example", "not_comparable")}
    got = {(line["report_id"], line["check"], line["expression"], line["annotator"], line["answer"]) for line in lines}
    assert got == {(m["report_id"], m["check"], m["expression"], *answer) for m in found for answer in answers}
    assert all(line["updated"] for line in lines)
    project = next(p for p in studio.client().projects.list() if p.title == "gouji-review")
    assert project.sampling == "Sequential sampling"


# ---- tokens and the account


@pytest.mark.parametrize("token", ["0" * 40, "not.a.token"])
@pytest.mark.parametrize("command", [["push", "REPORT"], ["pull", "--out", "gold.jsonl"]])
def test_a_wrong_token_is_one_line_and_status_2(
    studio: Studio, reports: list[str], root: Path, command: list[str], token: str
) -> None:
    words = [reports[1] if word == "REPORT" else word for word in command]
    result = subprocess.run(
        [sys.executable, "-m", "gouji", "annotate", *words],
        cwd=root, env={**os.environ, **studio.variables(token)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("gouji: Label Studio at 127.0.0.1 answered 401: is LABEL_STUDIO_API_KEY right?")
    assert token not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_server_that_is_none_is_one_line(studio: Studio, tmp_path: Path) -> None:
    result = run(
        app, ["pull", "--out", str(tmp_path / "a.jsonl")], env=studio.variables() | {"LABEL_STUDIO_URL": "http://127.0.0.1:9"}
    )  # fmt: skip
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception) == "Label Studio at 127.0.0.1 does not answer: ConnectError"


def test_the_account_is_for_its_owner_only(studio: Studio) -> None:
    assert {(studio.folder / name).stat().st_mode & 0o777 for name in (ACCOUNT, KEY)} == {0o600}
    log = (studio.folder / LOG).read_text("utf-8", "replace")
    assert studio.account.password not in log
    assert studio.account.token not in log
    assert studio.account.password not in repr(studio.account)


def test_the_key_that_signs_tokens_is_ours_and_outlasts_restarts(studio: Studio) -> None:
    key = (studio.folder / KEY).read_text("utf-8")
    assert re.fullmatch(r"SECRET_KEY=[0-9a-f]{64}\n", key)
    studio.restart()
    assert (studio.folder / KEY).read_text("utf-8") == key


def test_a_taken_port_is_said(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"port {studio.port} .* is taken"), running(
        studio.program, tmp_path, studio.port
    ):  # fmt: skip
        pass


# ---- in a browser


def test_an_annotator_adds_in_the_browser_what_the_tagger_missed(
    studio: Studio, environment: Path, sent: list[dict[str, Any]], root: Path, tmp_path: Path
) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine")
    task, missed = without_one(sent, "applications.received")
    whole = json.loads(json.dumps(task))
    task["predictions"][0]["result"] = [r for r in task["predictions"][0]["result"] if r["id"] != missed["id"]]
    ontology = load_ontology()
    labelling = Labelling("browser", label_config(ontology), instructions(ontology))
    Server(studio.address, studio.account.token).push(labelling, [task], lambda _: None)
    (stored,) = studio.tasks("browser")
    value = missed["value"]
    job = {
        "browser": browser, "address": studio.address, "email": studio.account.email,
        "password": studio.account.password, "project": stored["project"], "task": stored["id"],
        "hotkey": ontology.by_id["applications.received"].hotkey, "place": [value["start"], value["end"]],
        "shots": os.environ.get("GOUJI_SHOTS", str(tmp_path)),
    }  # fmt: skip
    seen = in_browser(environment, root, job)
    names = label_names(ontology)
    regions = [r for r in task["predictions"][0]["result"] if r["type"] == "labels"]
    shown = {label.partition(":")[2] for label in seen["labels"]}
    assert shown == {",".join(names[label] for label in r["value"]["labels"]) for r in regions}
    assert seen["strangers"] == []
    (passage,) = pull(studio, "browser", tmp_path / "gold.jsonl").values()
    places = [r["value"] for r in whole["predictions"][0]["result"] if r["type"] == "labels"]
    wanted = [(v["start"], v["end"], label) for v in places for label in v["labels"]]
    assert figures({"": passage})[""] == sorted(wanted)


def in_browser(environment: Path, root: Path, job: dict[str, Any]) -> dict[str, Any]:
    did = subprocess.run(
        [environment / "python", root / "tests" / "label_in_browser.py"],
        input=json.dumps(job), capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert did.returncode == 0, did.stderr
    return dict(json.loads(did.stdout))


def test_a_contradiction_is_judged_in_the_browser(
    studio: Studio, environment: Path, judged: Path, root: Path, tmp_path: Path
) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine")
    hostile = "<img src='x:' onerror='document.title=1'>"
    task, *_ = review_tasks(contradictions(judged))
    task["data"] = {key: f"{words} {hostile}" for key, words in task["data"].items() if key != PLACES} | {
        PLACES: [{key: f"{words} {hostile}" for key, words in place.items()} for place in task["data"][PLACES]]
    }
    labelling = Labelling("judging", review_config(), review_instructions())
    Server(studio.address, studio.account.token).push(labelling, [task], lambda _: None)
    (stored,) = studio.tasks("judging")
    job = {
        "browser": browser, "address": studio.address, "email": studio.account.email,
        "password": studio.account.password, "project": stored["project"], "task": stored["id"],
        "answer": ANSWERS["table_misread"][0], "note": "总计读成了别行",
        "shots": os.environ.get("GOUJI_SHOTS", str(tmp_path)),
    }  # fmt: skip
    seen = in_browser(environment, root, job)
    assert (seen["pictures"], seen["strangers"]) == (0, [])
    words = [w for key, w in task["data"].items() if key != PLACES]
    words += [line for place in task["data"][PLACES] for line in f"{place['label']}\n{place['text']}".splitlines()]
    assert [w for w in words if w not in seen["shown"]] == []
    (line,) = pull_reviews(studio, "judging", tmp_path / "reviews.jsonl")
    assert (line["answer"], line["note"]) == ("table_misread", "总计读成了别行")


def without_one(sent: list[dict[str, Any]], label: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task, and its only region of a label."""
    for task in json.loads(json.dumps(sent)):
        results = [r for p in task.get("predictions", []) for r in p["result"]]
        if len(found := [r for r in results if r["value"].get("labels") == [label]]) == 1:
            return task, found[0]
    raise AssertionError(label)


# ---- files, as a team without a reachable server has them


def test_files_go_in_and_out_by_hand_and_label_studios_converter_reads_them(
    studio: Studio, sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    """What `config` prints and `push --to-file` writes is uploaded, and what is downloaded is pulled and converted."""
    from label_studio_sdk.converter import Converter

    config = run(app, ["config"]).stdout
    project = studio.client().projects.create(title="by hand", label_config=config).id
    own = {"Authorization": f"Token {studio.account.token}"}
    with httpx.Client(base_url=f"{studio.address}/api/projects/{project}", headers=own, timeout=TIMEOUT) as browser:
        file = ("tasks.json", json.dumps(sent, ensure_ascii=False).encode(), "application/json")
        browser.post("/import", files={"file": file}).raise_for_status()
        did = annotate(studio.client(), studio.tasks("by hand"))
        export = tmp_path / "export.json"
        export.write_bytes(browser.get("/export", params={"exportType": "JSON"}).raise_for_status().content)

    assert did.keys() == {task["meta"]["id"] for task in sent}
    pulled = run(app, ["pull", "--from-file", str(export), "--out", str(tmp_path / "gold.jsonl")])
    assert pulled.exit_code == 0, pulled.output + repr(pulled.exception)
    passages = {p.id: p for p in read_annotated([tmp_path / "gold.jsonl"])}
    assert figures(passages) == flat(did)
    assert {name: p.text for name, p in passages.items()} == {t["meta"]["id"]: t["data"]["text"] for t in sent}

    converter = Converter(config=config, project_dir=None, download_resources=False)
    converter.convert_to_json_min(str(export), str(tmp_path / "min"), is_dir=False)
    texts = {passage.text: name for name, passage in passages.items()}
    rows = json.loads((tmp_path / "min" / "result.json").read_text("utf-8"))
    read = {texts[row["text"]]: [(v["start"], v["end"], v["labels"]) for v in row.get("statistic", [])] for row in rows}
    assert flat(read) == flat(did)
