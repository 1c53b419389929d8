"""The ML backend: a real server in a thread, asked over HTTP as Label Studio asks."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from annotation import backend as backend_module
from annotation import serve as serve_module
from annotation._label_studio import to_results
from annotation.backend import Backend
from annotation.cli import app
from annotation.retrain import Retrainer
from annotation.serve import MAX_BODY, BackendServer, is_loopback, token_from_environment
from annotation.suggest import Suggester
from models.schema.errors import ConfigError
from models.schema.gold import GoldFigure, read_annotated
from models.tagger.tagger import Tagger
from tests.oracle import Oracle
from tests.test_training import settings_file, split_file

ORACLE = Oracle("收到政府信息公开申请⟦5|applications.received⟧件。全年⟦未发生|0 litigation.total⟧行政诉讼。")
META = {"id": "r-000", "agency": "清平市水务局", "year": 2021, "level": "", "region": "", "family": "r"}
FIVE = GoldFigure(ORACLE.text.index("5"), ORACLE.text.index("5") + 1, "5", "applications.received")


@contextmanager
def serving(backend: Backend, token: str = "", host: str = "127.0.0.1") -> Iterator[BackendServer]:
    with BackendServer(host, 0, backend, token) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def suggester() -> Suggester:
    return Suggester(ORACLE, "oracle")  # type: ignore[arg-type]


@pytest.fixture
def server(suggester: Suggester) -> Iterator[BackendServer]:
    with serving(Backend(suggester, None)) as running:
        yield running


def ask(server: BackendServer, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    sent = {"Content-Type": "application/json", **headers}
    if body is None:
        connection.request("GET", path, headers=headers)
    else:
        connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), sent)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def task(number: int = 0, figures: tuple[GoldFigure, ...] | None = None) -> dict[str, Any]:
    made = {"id": number, "data": {"text": ORACLE.text}, "meta": {**META, "id": f"r-{number:03}"}}
    if figures is None:
        return made
    annotation = {"id": number, "completed_by": 1, "result": to_results(ORACLE.text, figures)}
    return {**made, "annotations": [annotation]}


def event(number: int, figures: tuple[GoldFigure, ...] = (FIVE,), **changes: Any) -> dict[str, Any]:
    whole = task(number, figures)
    annotation = {**whole.pop("annotations")[0], **changes}
    return {"action": "ANNOTATION_CREATED", "annotation": annotation, "task": whole, "project": {}}


def retraining(root: Path, folder: Path, after: int, done: Callable[[Path], None] = print, **changes: Any) -> Retrainer:
    """With the corpus and the split of `settings_file`."""
    config = settings_file(root, folder, **changes)
    return Retrainer(config, folder / "gold.jsonl", after, split_file(folder), done)


def kept(folder: Path) -> dict[str, tuple[GoldFigure, ...]]:
    return {p.id: p.figures for p in read_annotated([folder / "gold.jsonl"])}


# ---- the protocol


def test_health_setup_and_versions_tell_the_version(server: BackendServer) -> None:
    assert ask(server, "/health") == (200, {"status": "UP", "model_class": "gouji", "model_version": "oracle"})
    setup = {"project": "1.17", "schema": "<View/>", "hostname": "http://localhost", "access_token": "x"}
    assert ask(server, "/setup", setup) == (200, {"model_version": "oracle"})
    assert ask(server, "/versions") == (200, {"versions": ["oracle"]})


def test_predict_gives_a_prediction_for_each_task(server: BackendServer) -> None:
    empty = {"id": 2, "data": {"text": "没有数字"}, "meta": None}
    status, answer = ask(server, "/predict", {"tasks": [task(), empty], "project": "1.17", "params": {"context": None}})
    assert status == 200
    first, second = answer["results"]
    labels = {r["value"]["text"]: r["value"]["labels"] for r in first["result"] if r["type"] == "labels"}
    assert labels == {"5": ["applications.received"], "未发生": ["litigation.total"]}
    for region in first["result"]:
        value = region["value"]
        assert ORACLE.text[value["start"] : value["end"]] == value["text"]
    assert (first["model_version"], second) == ("oracle", {"model_version": "oracle", "score": 0.0, "result": []})


def test_predict_of_a_selection_suggests_only_there(server: BackendServer) -> None:
    region = {"id": "x", "type": "labels", "value": {"start": FIVE.start - 3, "end": FIVE.end, "labels": ["count"]}}
    context = {"result": [region, {"type": "choices", "value": {}}]}
    _, answer = ask(server, "/predict", {"tasks": [task()], "params": {"context": context}})
    assert {r["value"]["text"] for r in answer["results"][0]["result"]} == {"5"}


def test_shipped_tagger_suggests_at_places_of_the_text_as_it_is(tagger: Tagger) -> None:
    text = "  \n" + ORACLE.text.replace("全年", "\r\n\u3000全年")
    with serving(Backend(Suggester(tagger, "shipped"), None)) as server:
        _, answer = ask(server, "/predict", {"tasks": [{**task(), "data": {"text": text}}]})
    found = [r["value"] for r in answer["results"][0]["result"] if r["type"] == "labels"]
    assert [(v["text"], v["labels"]) for v in found] == [
        ("5", ["applications.received"]),
        ("未发生", ["litigation.total"]),
    ]
    assert all(text[v["start"] : v["end"]] == v["text"] for v in found)


def test_events_without_training_are_ignored(server: BackendServer) -> None:
    assert ask(server, "/webhook", event(1)) == (200, {"status": "ignored"})


# ---- what is refused


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "message"),
    [
        ("/nowhere", None, {}, 404, "no such address"),
        ("/predict", b"{", {}, 400, "no JSON"),
        ("/predict", b"[" * 200_000, {}, 400, "no JSON"),
        ("/predict", {"tasks": 3}, {}, 400, "tasks: Input should be a valid list"),
        ("/predict", {"tasks": [{"data": {}}]}, {}, 400, "a task has no text under data.text"),
        ("/predict", {"tasks": [{"data": {"text": "x"}}] * 251}, {}, 413, "ask for fewer"),
        ("/predict", {"tasks": [{"data": {"text": "x" * 500_001}}]}, {}, 413, "ask for fewer"),
        ("/predict", {"tasks": []}, {"Content-Type": "text/plain"}, 415, "send application/json"),
        ("/predict", {"tasks": []}, {"Host": "evil.example"}, 403, "the Host is not this machine"),
        ("/health", None, {"Host": "evil.example"}, 403, "the Host is not this machine"),
        ("/webhook", [], {}, 400, "an event is an object"),
    ],
)
def test_requests_that_are_refused(
    path: str, body: Any, headers: dict[str, str], status: int, message: str, server: BackendServer
) -> None:
    found = ask(server, path, body, **headers)
    assert found[0] == status
    assert message in found[1]["error"]
    assert ask(server, "/health")[0] == 200


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (f"Content-Length: {MAX_BODY + 1}", 413),
        ("Content-Length: 99999999999999999999", 413),
        ("Content-Length: -1", 411),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_size_is_refused_before_anything_is_read(lines: str, status: int, server: BackendServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as client:
        request = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\r\n\r\n"
        client.sendall(request.encode())
        assert f" {status} ".encode() in client.recv(100)


@pytest.mark.parametrize("sent", [b"", b"GET /health", b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"])  # fmt: skip
def test_a_client_that_sends_nothing_more_is_left(
    sent: bytes, suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve_module, "READ_WITHIN", 0.3)
    with serving(Backend(suggester, None)) as server:
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as client:
            client.sendall(sent)
            answer = b"".join(iter(lambda: client.recv(1000), b""))
        assert (b" 408 " in answer) == sent.startswith(b"POST")
        assert ask(server, "/health")[0] == 200


def test_connections_are_bounded(suggester: Suggester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_module, "MAX_CONNECTIONS", 2)
    with serving(Backend(suggester, None)) as server:
        waiting = [socket.create_connection(("127.0.0.1", server.server_port), timeout=60) for _ in range(3)]
        assert waiting[2].recv(1) == b""
        for client in waiting:
            client.close()
        until(lambda: _answers(server))


def _answers(server: BackendServer) -> bool:
    try:
        return ask(server, "/health")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_busy_tagger_is_told(suggester: Suggester, monkeypatch: pytest.MonkeyPatch, server: BackendServer) -> None:
    monkeypatch.setattr(backend_module, "WAIT", 0.05)
    with suggester._lock:
        assert ask(server, "/predict", {"tasks": [task()]})[0] == 503
    assert ask(server, "/predict", {"tasks": [task()]})[0] == 200


# ---- the token


def test_elsewhere_than_loopback_a_token_is_needed(suggester: Suggester) -> None:
    with pytest.raises(ConfigError, match="set GOUJI_SERVE_TOKEN"):
        BackendServer("0.0.0.0", 0, Backend(suggester, None), "")  # noqa: S104
    assert [is_loopback(h) for h in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example.org")] == [  # noqa: S104
        True, True, True, False, False,
    ]  # fmt: skip


def test_token_is_asked_for_everywhere_and_never_told(suggester: Suggester, caplog: pytest.LogCaptureFixture) -> None:
    basic = base64.b64encode(b"anyone:sesame-1").decode()
    wrong = base64.b64encode(b"sesame-1:other").decode()
    with serving(Backend(suggester, None), "sesame-1", "0.0.0.0") as server:  # noqa: S104
        for header in (f"Basic {basic}", "Token sesame-1", "Bearer sesame-1"):
            assert ask(server, "/health", Authorization=header, Host="gouji.example")[0] == 200
        for header in ("", f"Basic {wrong}", "Basic ???", "Token sesame-2", "sesame-1"):
            status, answer = ask(server, "/predict", {"tasks": []}, Authorization=header)
            assert status == 401
            assert "sesame" not in json.dumps(answer)
    assert "401" in caplog.text
    assert "sesame" not in caplog.text


def test_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOUJI_SERVE_TOKEN", "ses\name")
    with pytest.raises(ConfigError) as error:
        token_from_environment()
    assert "ame" not in str(error.value).replace("GOUJI_SERVE_TOKEN must be printable ASCII without spaces", "")


def test_a_taken_port_is_one_line(server: BackendServer, suggester: Suggester) -> None:
    with pytest.raises(ConfigError, match="cannot listen on"):
        BackendServer("127.0.0.1", server.server_port, Backend(suggester, None), "")


# ---- training


def until(condition: Callable[[], bool], seconds: float = 600) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "nothing happened"
        time.sleep(0.1)


def test_after_n_annotations_the_new_checkpoint_answers(root: Path, suggester: Suggester, tmp_path: Path) -> None:
    retrainer = retraining(root, tmp_path, 2, lambda folder: suggester.use(folder, "cpu"))
    try:
        with serving(Backend(suggester, retrainer)) as server:
            assert ask(server, "/webhook", event(1)) == (200, {"status": "ok", "new": 1})
            assert ask(server, "/webhook", event(1, ())) == (200, {"status": "ok", "new": 1})
            assert not list(tmp_path.glob("run-*"))
            assert ask(server, "/webhook", event(2)) == (200, {"status": "ok", "new": 2})
            assert ask(server, "/webhook", {"action": "START_TRAINING"})[1] == {"status": "ok", "training": False}
            until(lambda: suggester.model_version == "run-1")
            assert ask(server, "/setup", {})[1] == {"model_version": "run-1"}
            status, answer = ask(server, "/predict", {"tasks": [task()]})
            assert (status, answer["results"][0]["model_version"]) == (200, "run-1")
    finally:
        retrainer.stop()
    assert kept(tmp_path) == {"r-001": (), "r-002": (FIVE,)}
    record = json.loads((tmp_path / "run-1" / "run.json").read_text("utf-8"))
    assert record["settings"]["corpus"] == ["plain.jsonl", "gold.jsonl"]
    split = json.loads(split_file(tmp_path).read_text("utf-8"))["families"]
    assert record["families"] == {**split, "train": sorted([*split["train"], "r"])}


def test_a_training_that_fails_leaves_the_old_model(
    root: Path, suggester: Suggester, tmp_path: Path, caplog: Any
) -> None:
    retrainer = retraining(root, tmp_path, 5, lambda folder: suggester.use(folder, "cpu"), corpus=["nowhere/*.jsonl"])
    with serving(Backend(suggester, retrainer)) as server:
        whole = {"annotations": [task(1, (FIVE,))], "project": "1.17", "label_config": "<View/>"}
        assert ask(server, "/train", whole) == (200, {"status": "ok", "training": True})
        until(lambda: "ended with status 2" in caplog.text)
        assert ask(server, "/setup", {})[1] == {"model_version": "oracle"}
    assert "no file matches" in (tmp_path / "run-1.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"action": "ANNOTATION_CREATED"}, 400, "let the webhook send its payload"),
        (event(1, (GoldFigure(0, 1, "x", "count"),)), 422, "does not stand at 0-1"),
        (event(1, id="x"), 400, "all with their ids"),
        ({"annotations": {}}, 400, "a list of tasks"),
        ({"action": "ANNOTATIONS_DELETED", "annotations": [7]}, 400, "a list of objects with an id"),
    ],
)
def test_events_that_cannot_be_taken(
    body: Any, status: int, message: str, root: Path, suggester: Suggester, tmp_path: Path
) -> None:
    with serving(Backend(suggester, retraining(root, tmp_path, 1))) as server:
        found = ask(server, "/webhook", body)
    assert found[0] == status
    assert message in found[1]["error"]
    assert not (tmp_path / "gold.jsonl").exists()


def test_wrong_settings_of_training_are_one_line(tmp_path: Path) -> None:
    for content in ("[]", "corpus: 3", "a: b: c", "\x00"):
        (tmp_path / "settings.yaml").write_text(content, "utf-8")
        with pytest.raises(ConfigError, match="no settings of gouji train") as error:
            Retrainer(tmp_path / "settings.yaml", tmp_path / "gold.jsonl", 1, tmp_path / "run.json", print)
        assert "\n" not in str(error.value)


def test_a_hostile_event_costs_no_other(root: Path, suggester: Suggester, tmp_path: Path) -> None:
    hostile, long = event(1), event(2)
    hostile["task"]["meta"]["agency"] = "\ud800"
    long["task"]["data"]["text"] += "长" * 30_000
    with serving(Backend(suggester, retraining(root, tmp_path, 9))) as server:
        assert [ask(server, "/webhook", body)[0] for body in (hostile, long, event(3))] == [422, 422, 200]
    assert list(kept(tmp_path)) == ["r-003"]


def test_no_training_starts_once_the_service_stops(root: Path, suggester: Suggester, tmp_path: Path) -> None:
    retrainer = retraining(root, tmp_path, 1)
    with serving(Backend(suggester, retrainer)) as server:
        ask(server, "/webhook", event(1))
        ask(server, "/webhook", event(2))
        retrainer.stop()
        ask(server, "/webhook", event(3))
    assert [path.name for path in tmp_path.glob("run-*.yaml")] == ["run-1.yaml"]


# ---- what is deleted and cancelled


def changes(*bodies: dict[str, Any], root: Path, suggester: Suggester, folder: Path) -> list[Any]:
    """Send events, none of which starts a training; gives how many passages are new after each."""
    with serving(Backend(suggester, retraining(root, folder, 99))) as server:
        answers = [ask(server, "/webhook", body) for body in bodies]
    assert {status for status, _ in answers} == {200}
    return [answer["new"] for _, answer in answers]


def deleted(**what: list[int]) -> dict[str, Any]:
    """`annotations=[3]` or `tasks=[3]`."""
    ((kind, numbers),) = what.items()
    return {"action": f"{kind.upper()}_DELETED", kind: [{"id": number} for number in numbers], "project": {}}


@pytest.mark.parametrize(
    "gone",
    [
        deleted(annotations=[1, 7]),
        deleted(tasks=[1]),
        {**event(1, was_cancelled=True), "action": "ANNOTATION_UPDATED"},
    ],
)
def test_deleted_and_cancelled_annotations_leave_the_gold(
    gone: dict[str, Any], root: Path, suggester: Suggester, tmp_path: Path
) -> None:
    where = {"root": root, "suggester": suggester, "folder": tmp_path}
    assert changes(event(1), event(2), gone, **where) == [1, 2, 1]
    assert kept(tmp_path) == {"r-002": (FIVE,)}
    assert changes(event(1, was_cancelled=True), deleted(annotations=[2]), **where) == [1, 0]
    assert kept(tmp_path) == {}


def test_an_update_replaces_and_a_deletion_gives_way_to_the_annotation_before(
    root: Path, suggester: Suggester, tmp_path: Path
) -> None:
    where = {"root": root, "suggester": suggester, "folder": tmp_path}
    zero = GoldFigure(
        ORACLE.text.index("未发生"), ORACLE.text.index("未发生") + 3, "未发生", "litigation.total", zero=True
    )
    update = {**event(1, (FIVE, zero), updated_at="2024-01-02T00:00:00Z"), "action": "ANNOTATION_UPDATED"}
    other = event(1, (), id=5, updated_at="2024-01-03T00:00:00Z")
    changes(event(1, updated_at="2024-01-01T00:00:00Z"), update, **where)
    assert kept(tmp_path) == {"r-001": (FIVE, zero)}
    changes(other, **where)
    assert kept(tmp_path) == {"r-001": ()}
    changes(deleted(annotations=[5]), **where)
    assert kept(tmp_path) == {"r-001": (FIVE, zero)}


def test_passages_that_were_not_kept_by_serve_are_not_replaced(root: Path, tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text("", "utf-8")
    with pytest.raises(ConfigError, match=r"gold\.jsonl: not kept by `serve`"):
        retraining(root, tmp_path, 1)
    for line in ("[]", "{", '{"annotation": "x", "task": 1, "updated": "", "passage": {}}'):
        (tmp_path / "gold.annotations.jsonl").write_text(line, "utf-8")
        with pytest.raises(ConfigError, match=r"gold\.annotations\.jsonl:1: "):
            retraining(root, tmp_path, 1)


# ---- what is held out


def test_training_needs_to_know_what_the_model_holds_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Tagger, "load", lambda *_: ORACLE)
    (tmp_path / "settings.yaml").write_text("{}", "utf-8")
    command = ["serve", "--port", "0", "--model", str(tmp_path), "--train-config", str(tmp_path / "settings.yaml")]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith(f"--model {tmp_path}: no run.json says what it holds out")


def test_gold_of_what_the_model_holds_out_never_trains(root: Path, suggester: Suggester, tmp_path: Path) -> None:
    """Annotated meanwhile: an agency that is held out, by another form of its name; its family; one that is unknown."""
    retrainer = retraining(root, tmp_path, 4, lambda folder: suggester.use(folder, "cpu"))
    families = json.loads(split_file(tmp_path).read_text("utf-8"))["families"]
    corpus = list(read_annotated([tmp_path / "corpus"]))
    agency = next(p.agency for p in corpus if p.family in families["test"])
    metas = [
        {"agency": f"江西省{agency}", "family": "x"},
        {"agency": "清平市水务局", "family": families["development"][0]},
        {"agency": "", "family": "y"},
        {"agency": "清平市林业局", "family": "z"},
    ]
    try:
        with serving(Backend(suggester, retrainer)) as server:
            for number, meta in enumerate(metas):
                body = event(number)
                body["task"]["meta"] |= meta
                assert ask(server, "/webhook", body)[0] == 200
            until(lambda: suggester.model_version == "run-1")
    finally:
        retrainer.stop()
    record = json.loads((tmp_path / "run-1" / "run.json").read_text("utf-8"))
    assert record["families"] == {**families, "train": sorted([*families["train"], "z"])}
    assert record["left_out"] == 2
