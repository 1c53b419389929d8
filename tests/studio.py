"""A real Label Studio for tests, started once; `conftest.py` gives it as the fixture `studio`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from annotation.local_server import Account, account_in, running

TIMEOUT = 120


@dataclass
class Studio:
    """A server that can be restarted, with its account."""

    program: Path
    folder: Path
    port: int
    address: str = ""
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        self.address = self.stack.enter_context(running(self.program, self.folder, self.port))

    def restart(self) -> None:
        self.stack.close()
        self.start()

    @property
    def account(self) -> Account:
        return account_in(self.folder)

    def variables(self, token: str = "") -> dict[str, str]:
        return {"LABEL_STUDIO_URL": self.address, "LABEL_STUDIO_API_KEY": token or self.account.token}

    def client(self, token: str = "") -> Any:
        from label_studio_sdk import LabelStudio

        return LabelStudio(base_url=self.address, api_key=token or self.account.token, timeout=TIMEOUT)

    def sign_up(self, email: str, password: str) -> str:
        """A personal access token of another annotator, who comes by invitation; it lasts as long as the server."""
        own = {"Authorization": f"Token {self.account.token}"}
        with httpx.Client(base_url=self.address, timeout=TIMEOUT, follow_redirects=True) as browser:
            invitation = browser.get("/api/invite", headers=own).json()["invite_url"]
            browser.cookies.clear()
            browser.get(invitation)
            form = {"email": email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            browser.post(invitation, data=form).raise_for_status()
            created = browser.post("/api/token/", headers={"X-CSRFToken": browser.cookies["csrftoken"]})
            created.raise_for_status()
            return str(created.json()["token"])

    def tasks(self, title: str) -> list[dict[str, Any]]:
        """Every task of a project, with everything."""
        client = self.client()
        found = [p.id for p in client.projects.list() if p.title == title]
        tasks = client.tasks.list(project=found[0], fields="all", page_size=1000) if found else []
        return [task.model_dump(mode="json") for task in tasks]


@contextmanager
def started(program: Path, folder: Path) -> Iterator[Studio]:
    """On a free port, stopped in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Studio(program, folder, port)
    server.start()
    with server.stack:
        yield server
