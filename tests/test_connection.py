"""Pushes and pulls that take longer than a token lives, and whose error it is when one fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import label_studio_sdk.tokens.client_ext as sdk_tokens
import pytest

from annotation import _connection, _server
from annotation._server import Labelling, Server
from annotation.label_config import label_config
from models.ontology import load_ontology
from models.schema.errors import ConfigError
from tests.studio import TIMEOUT, Studio

LABELLING = label_config(load_ontology())
SHORT_LIVED = """
from datetime import timedelta
from core.settings.base import *
SENTRY_DSN = ""  # the next line, while it is read, asks for what stands above it
from core.settings.label_studio import *
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(seconds=15)}
"""
"""Settings of Label Studio; access tokens live five minutes without."""


def task(number: int) -> dict[str, Any]:
    return {"data": {"text": f"受理{number}件", "title": "第二部分"}, "meta": {"id": str(number), "start": 0, "end": 4}}


# ---- tokens


class SlowClock(datetime):
    """Of a machine that is an hour behind the server: the SDK takes no access token for expired."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> SlowClock:
        return super().now(tz) - timedelta(hours=1)


@pytest.fixture
def short_lived(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server restarted with access tokens that live some seconds."""
    (tmp_path / "short_lived.py").write_text(SHORT_LIVED, "utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        patch.setenv("DJANGO_SETTINGS_MODULE", "short_lived")
        try:
            studio.restart()
            yield
        finally:
            patch.undo()
            studio.restart()


def outlive_a_token(studio: Studio, personal: str) -> None:
    """Come back when the server refuses an access token that it gives now, and so all that it gave before."""
    with httpx.Client(base_url=studio.address, timeout=TIMEOUT) as client:
        given = client.post("/api/token/refresh/", json={"refresh": personal}).raise_for_status().json()["access"]
        for _ in range(60):
            if client.get("/api/projects/", headers={"Authorization": f"Bearer {given}"}).status_code == 401:
                return
            time.sleep(1)
    raise AssertionError("the access token does not expire")


@pytest.mark.usefixtures("short_lived")
def test_a_personal_access_token_lasts_longer_than_the_access_tokens_that_it_gives(
    studio: Studio, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdk_tokens, "datetime", SlowClock)
    monkeypatch.setattr(_server, "TASKS_PER_REQUEST", 1)
    server = Server(studio.address, second)
    pushed = server.push(
        Labelling("long", LABELLING, ""), [task(1), task(2)], lambda _: outlive_a_token(studio, second)
    )
    assert pushed.new == 2
    pulled = server.pull("long")
    first = next(pulled)
    outlive_a_token(studio, second)
    assert [first["meta"], *(one["meta"] for one in pulled)] == [task(1)["meta"], task(2)["meta"]]


# ---- errors


@pytest.mark.parametrize("error", [ValueError("of the reader"), OSError("of the disk"), ConfigError("of the form")])
def test_errors_of_the_tasks_are_raised_as_they_are_and_what_was_sent_stays(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def tasks() -> Iterator[dict[str, Any]]:
        yield task(1)
        raise error

    monkeypatch.setattr(_server, "TASKS_PER_REQUEST", 1)
    title = f"stopped by {type(error).__name__}"
    with pytest.raises(type(error), match=f"^{error}$"):
        Server(studio.address, studio.account.token).push(Labelling(title, LABELLING, ""), tasks(), lambda _: None)
    assert [stored["meta"] for stored in studio.tasks(title)] == [task(1)["meta"]]


class Other(BaseHTTPRequestHandler):
    """A server that is no Label Studio."""

    server: OtherServer

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.page)))
        self.end_headers()
        self.wfile.write(self.server.page)

    do_POST = do_GET  # noqa: N815 - the names are given

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        pass


class OtherServer(ThreadingHTTPServer):
    """It remembers what it was asked."""

    daemon_threads = True
    page = b"<html>welcome"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Other)
        self.asked: list[str] = []


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[OtherServer]:
    monkeypatch.setattr(_connection, "WAITS", httpx.Timeout(30))
    with OtherServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("token", "reason", "asked"),
    [
        ("0" * 40, "its answers are no JSON", "/teams/label/api/projects/?page=1"),
        ("eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.", "JSONDecodeError", "/teams/label/api/token/refresh/"),
    ],
    ids=["legacy", "personal"],
)
def test_another_server_is_told_as_such_and_asked_under_its_path(
    other: OtherServer, token: str, reason: str, asked: str
) -> None:
    server = Server(f"http://127.0.0.1:{other.server_port}/teams/label/", token)
    with pytest.raises(ConfigError, match=f"^what answers at 127.0.0.1 is no Label Studio: {reason}$"):
        server.push(Labelling("gouji", LABELLING, ""), [], lambda _: None)
    with pytest.raises(ConfigError, match="is no Label Studio"):
        list(server.pull("gouji"))
    assert other.asked == [asked, asked]
