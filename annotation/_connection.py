"""The client of a Label Studio server: limits of time, tokens that are renewed, one line for what goes wrong."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx
import typer

from models.schema.errors import ConfigError

WAITS = httpx.Timeout(300, connect=30)
"""Seconds: for each answer, which may have imported a hundred tasks first, and to reach the server."""


def from_environment() -> tuple[str, str]:
    """The server that LABEL_STUDIO_URL and the token that LABEL_STUDIO_API_KEY name; at a terminal they are asked for.

    Raises:
        ConfigError: one of them is missing or cannot be what it should.
    """
    url, token = (
        _variable(name, form)
        for name, form in (("LABEL_STUDIO_URL", r"https?://[^/\s]\S*"), ("LABEL_STUDIO_API_KEY", r"[!-~]+"))
    )
    try:
        urlsplit(url)
    except ValueError:
        raise ConfigError("LABEL_STUDIO_URL is no address of a server") from None
    return url, token


def _variable(name: str, form: str) -> str:
    value = os.environ.get(name, "").strip() or _asked(name)
    if not value:
        raise ConfigError(f"{name} is not set: name the server and its token, or use a file instead")
    if not re.fullmatch(form, value):
        raise ConfigError(f"{name} must look like {form}, and does not")
    return value


def _asked(name: str) -> str:
    if not sys.stdin.isatty():
        return ""
    return str(typer.prompt(name, hide_input=name.endswith("KEY"), err=True)).strip()


class Connection:
    """A server; the token stands in no error and no log."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url.rstrip("/"), token

    @contextmanager
    def calls(self) -> Iterator[Any]:
        """Gives the SDK's client, for its calls and nothing else: what goes wrong inside is the server's.

        Raises:
            ConfigError: it refuses, does not answer, or is no Label Studio.
        """
        from label_studio_sdk.core.api_error import ApiError

        host = urlsplit(self.url).hostname
        try:
            yield self._client
        except ApiError as error:
            if error.status_code == 200:
                raise ConfigError(f"what answers at {host} is no Label Studio: its answers are no JSON") from None
            raise ConfigError(f"Label Studio at {host} answered {error.status_code}{self._reason(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConfigError(f"Label Studio at {host} does not answer: {type(error).__name__}") from None
        except ValueError as error:
            raise ConfigError(f"what answers at {host} is no Label Studio: {type(error).__name__}") from None

    @cached_property
    def _client(self) -> Any:
        from label_studio_sdk import LabelStudio

        http = httpx.Client(auth=_Renewed(self.url, self._token), timeout=WAITS, follow_redirects=True)
        return LabelStudio(base_url=f"{self.url}/", api_key=self._token, httpx_client=http)  # type: ignore[no-untyped-call]

    def _reason(self, error: Any) -> str:
        if error.status_code in (401, 403):
            return (
                ": is LABEL_STUDIO_API_KEY right? Personal access tokens work, legacy ones where the server allows them"
            )
        if error.status_code == 400 and isinstance(error.body, dict):
            told = str(error.body.get("validation_errors") or error.body.get("detail"))
            return ": " + " ".join(told.replace(self._token, "…").split())[:300]
        return ""


class _Renewed(httpx.Auth):
    """Sends a request once more, with a new access token, where the server found the old one expired.

    A personal access token is exchanged for access tokens, which live five minutes. The SDK takes a new one when the
    old one ended by the clock of this machine: too late where that is slow, or where a busy server reads the request
    some seconds after.
    """

    requires_response_body = True

    def __init__(self, url: str, token: str) -> None:
        self._exchange, self._token = f"{url}/api/token/refresh/", token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See `httpx.Auth`; legacy tokens do not expire."""
        answer = yield request
        if answer.status_code != 401 or not request.headers.get("Authorization", "").startswith("Bearer "):
            return
        limits = {"timeout": request.extensions["timeout"]}
        new = yield httpx.Request("POST", self._exchange, json={"refresh": self._token}, extensions=limits)
        if new.status_code == 200:
            request.headers["Authorization"] = f"Bearer {new.json()['access']}"
            yield request
