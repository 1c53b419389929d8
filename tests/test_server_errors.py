"""Whose error it is: of what answers under the address, or of the tasks that are made while they are sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from annotation._server import Labelling, Server
from models.schema.errors import ConfigError

EMPTY = {"count": 0, "next": None, "previous": None, "results": [], "tasks": [], "total": 0, "id": 1}
"""As Label Studio lists no projects and no tasks, and answers that it made a project."""


@contextmanager
def answering(content: bytes) -> Iterator[Server]:
    """A server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the names are given

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{http.server_port}", "token")
        finally:
            http.shutdown()
            thread.join()


@pytest.mark.parametrize("error", [ValueError("of the reader"), OSError("of the disk"), ConfigError("of the form")])
def test_errors_of_the_tasks_go_through_as_they_are(error: Exception) -> None:
    def tasks() -> Iterator[dict[str, Any]]:
        raise error
        yield {}

    with answering(json.dumps(EMPTY).encode()) as server, pytest.raises(type(error), match=f"^{error}$"):
        server.push(Labelling("gouji", "<View/>", ""), tasks(), print)


def test_an_answer_that_is_none_of_label_studio_is_told_as_such() -> None:
    told = "^what answers at 127.0.0.1 is no Label Studio: "
    with answering(b'{"results": [{"id": "x"}]}') as server:
        with pytest.raises(ConfigError, match=told):
            server.push(Labelling("gouji", "<View/>", ""), [], print)
        with pytest.raises(ConfigError, match=told):
            list(server.pull("gouji"))
