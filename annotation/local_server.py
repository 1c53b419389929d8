"""A Label Studio of one's own on this machine: `make annotate`, and what the tests run against.

It lives in an environment of its own, listens on loopback, keeps everything in one folder (SQLite) and asks
nothing of the network. Its account is made at the first start and kept in the folder, readable by its owner only.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from models.schema.errors import ConfigError

ACCOUNT = "account.json"
KEY = ".env"
"""Label Studio keeps here what it signs tokens with. Of the keys that it makes itself one in fifty begins with a dollar
sign; the next start takes that for a variable's name and makes another key, and all personal access tokens are void."""
LOG = "server.log"
SECONDS_TO_START = 450
"""The first start makes the tables: a minute and a half, on a busy machine five."""
QUIET = {
    "COLLECT_ANALYTICS": "false",
    "DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "FEATURE_FLAGS_OFFLINE": "true",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "ML_BLOCK_LOCAL_IP": "false",
    "SENTRY_DSN": "",
    "SSRF_PROTECTION_ENABLED": "false",
}
"""Settings of Label Studio: no telemetry, no reports of errors, no version check, no accounts for strangers; `serve`,
which is on loopback too, may be asked and told."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may come in; `token` is a legacy one, which this server allows."""

    email: str
    password: str
    token: str

    def __repr__(self) -> str:
        return f"Account({self.email!r})"


def account_in(folder: Path) -> Account:
    """The account of a folder, made where there is none."""
    path = folder / ACCOUNT
    if path.exists():
        return Account(**json.loads(path.read_text("utf-8")))
    folder.mkdir(parents=True, exist_ok=True)
    account = Account("annotator@localhost.example", secrets.token_urlsafe(12), secrets.token_hex(20))
    if not (folder / KEY).exists():
        _write(folder / KEY, f"SECRET_KEY={secrets.token_hex(32)}\n")
    _write(path, json.dumps(asdict(account)))
    return account


def _write(path: Path, words: str) -> None:
    """A new file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(words)


@contextmanager
def running(program: Path, folder: Path, port: int) -> Iterator[str]:
    """Start the server and stop it in the end; gives its address.

    Args:
        program: `label-studio` of its environment.
        folder: for the database, the account and the log.
        port: on loopback.

    Raises:
        ConfigError: it ends, or does not answer in time; names the log.
    """
    account = account_in(folder)
    if _taken(port):
        raise ConfigError(f"port {port} of this machine is taken: stop what listens there, or choose another --port")
    options = ["--no-browser", "--internal-host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder.resolve())]
    own = {
        "LABEL_STUDIO_USERNAME": account.email,
        "LABEL_STUDIO_PASSWORD": account.password,
        "LABEL_STUDIO_USER_TOKEN": account.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own environment
            [str(program), "start", *options],
            env={**os.environ, **QUIET, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address, folder / LOG)
        yield address
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ConfigError(f"Label Studio ended with status {process.returncode}: see {log}")
        with suppress(OSError, urllib.error.URLError), opener.open(f"{address}/health", timeout=5):
            return
        time.sleep(0.5)
    raise ConfigError(f"Label Studio did not answer within {SECONDS_TO_START} seconds: see {log}")


def main(
    inputs: Annotated[list[str], typer.Argument(help="Reports whose tasks are pushed.", metavar="INPUT...")],
    program: Annotated[Path, typer.Option(exists=True, help="`label-studio` of its environment.")],
    folder: Annotated[Path, typer.Option(help="For its database.")] = Path("out/label-studio"),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
) -> None:
    """Start, push, and serve until Ctrl-C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the server is ended, too
    with running(program, folder, port) as address:
        account = account_in(folder)
        own = {"LABEL_STUDIO_URL": address, "LABEL_STUDIO_API_KEY": account.token}
        push = [sys.executable, "-m", "gouji", "annotate", "push", *inputs]
        pushed = subprocess.run(push, env={**os.environ, **own}, check=False)  # noqa: S603 - ourselves
        if pushed.returncode:
            raise typer.Exit(pushed.returncode)
        sys.stdout.write(f"Open {address} as {account.email}; password and token stand in {folder / ACCOUNT}\n")
        sys.stdout.write("Ctrl-C ends the server; what was annotated stays.\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)


if __name__ == "__main__":
    try:
        typer.run(main)
    except ConfigError as error:
        sys.stderr.write(f"annotate: {error}\n")
        sys.exit(2)
