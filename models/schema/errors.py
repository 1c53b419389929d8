"""Errors named by their consequence."""

from __future__ import annotations


class GoujiError(Exception):
    """Root of every error that gouji raises on purpose."""


class ConfigError(GoujiError):
    """The command or a file of settings is wrong: stop before any work (exit status 2)."""


class DocumentError(GoujiError):
    """One input cannot become a report: record it in failures.parquet and go on.

    Attributes:
        stage: where it failed (read, decode, parse …).
    """

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, str]]:
        return type(self), (self.stage, str(self))
