"""The ML backend over HTTP: bounded in size, time and connections; on loopback, or with a token.

Label Studio gives the token as the password of HTTP Basic, webhooks as `Authorization: Token …`. Without a
token only requests that name a loopback host and send JSON are answered, so that no web page can ask.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import json
import logging
import os
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from annotation.backend import Backend, RequestError
from models.schema.errors import ConfigError

log = logging.getLogger("gouji")
TOKEN = "GOUJI_SERVE_TOKEN"  # noqa: S105 - the name of a variable
MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request."""
READ_WITHIN = 30.0
"""Seconds within which a request has to arrive whole, and each part of an answer to be taken."""
MAX_CONNECTIONS = 16


class BackendServer(ThreadingHTTPServer):
    """A thread for each connection, and no more than `MAX_CONNECTIONS` of them."""

    daemon_threads = True

    def __init__(self, host: str, port: int, backend: Backend, token: str) -> None:
        if not token and not is_loopback(host):
            raise ConfigError(f"--host {host} can be reached from elsewhere: set {TOKEN} to a token of your choice")
        self.backend, self.token = backend, token
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error

    def process_request(self, request: Any, client_address: Any) -> None:
        """Close a connection too many at once."""
        if not self._free.acquire(blocking=False):
            log.error("more than %d connections: one is closed", MAX_CONNECTIONS)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle one connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the name is given
        """A connection that broke costs a line, no traceback."""
        log.error("a connection broke", exc_info=log.isEnabledFor(logging.DEBUG))


def token_from_environment() -> str:
    """The token, empty where none is set.

    Raises:
        ConfigError: it cannot stand in a header.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not all("!" <= c <= "~" for c in token):
        raise ConfigError(f"{TOKEN} must be printable ASCII without spaces, and is not")
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host of that name."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    server: BackendServer
    server_version, sys_version = "gouji", ""
    timeout = READ_WITHIN

    def setup(self) -> None:
        """Start the clock, which ends reading: a client that sends a byte now and then must not stay."""
        super().setup()
        self._clock = threading.Timer(READ_WITHIN, self._end_reading)
        self._clock.daemon = True
        self._clock.start()

    def finish(self) -> None:
        """Stop the clock."""
        self._clock.cancel()
        super().finish()

    def _end_reading(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)

    def do_GET(self) -> None:
        backend = self.server.backend
        self._answer({"/": backend.health, "/health": backend.health, "/versions": backend.versions})

    def do_POST(self) -> None:
        backend = self.server.backend
        events = {"/webhook": backend.event, "/train": backend.event}
        self._answer({"/setup": backend.setup, "/predict": backend.predict, **events})

    def _answer(self, answers: dict[str, Any]) -> None:
        """One answer, and for an error one line; what a client sends is not repeated to the terminal."""
        path = urlsplit(self.path).path
        try:
            self._allow()
            if path not in answers:
                raise RequestError(404, "no such address")
            body = self._body() if self.command == "POST" else None
            status, answer = 200, answers[path](body)
        except RequestError as error:
            status, answer = error.status, {"error": str(error)}
        except Exception as error:  # a bug must not end the service
            log.debug("answering", exc_info=True)
            status, answer = 500, {"error": f"gouji failed: {type(error).__name__}"}
        if status != 200:
            log.error("%s %.60r: %d %.300s", self.command, path, status, answer["error"])
        self._send(status, answer)

    def _allow(self) -> None:
        if self.server.token:
            if not hmac.compare_digest(_given_token(self.headers.get("Authorization", "")), self.server.token.encode()):
                raise RequestError(401, f"the token is missing or wrong: give {TOKEN} as the password")
        elif not is_loopback(urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""):
            raise RequestError(403, f"the Host is not this machine: set {TOKEN} to be reached by another name")

    def _body(self) -> Any:
        """The JSON of a request.

        Raises:
            RequestError: it is none, too large, or too slow.
        """
        if self.headers.get_content_type() != "application/json":
            raise RequestError(415, "send application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise RequestError(411, "send a Content-Length")
        if len(length) > 12 or int(length) > MAX_BODY:
            raise RequestError(413, f"more than {MAX_BODY} bytes")
        data = self.rfile.read(int(length))
        self._clock.cancel()
        if len(data) < int(length):
            raise RequestError(408, f"not sent whole within {READ_WITHIN:.0f} seconds")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RequestError(400, "no JSON") from error

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        self.close_connection = True
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="gouji"')
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        """Requests that went well are not told."""


def _given_token(header: str) -> bytes:
    scheme, _, words = header.partition(" ")
    if scheme.lower() in ("token", "bearer"):
        return words.strip().encode("utf-8", "replace")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(words, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""
