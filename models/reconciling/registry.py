"""Checks are functions with `@check`; the modules beside this one that hold them are all loaded."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

import models.reconciling as package
from models.schema.extraction import Extraction
from models.schema.finding import Finding

Check = Callable[[Extraction], Iterator[Finding]]
CheckT = TypeVar("CheckT", bound=Check)


def check(*names: str) -> Callable[[CheckT], CheckT]:
    """Mark a function as the one that makes the checks of these names (see docs of the contract)."""

    def mark(function: CheckT) -> CheckT:
        function.checks = names  # type: ignore[attr-defined]
        return function

    return mark


@cache
def checks() -> dict[str, Check]:
    """Every marked function by the names of its checks.

    Raises:
        ValueError: two functions claim one name.
    """
    found: dict[str, Check] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for value in vars(loaded).values():
            for name in getattr(value, "checks", ()) if callable(value) else ():
                if found.setdefault(name, value) is not value:
                    raise ValueError(f"two functions make the check {name}")
    return dict(sorted(found.items()))


def reconcile(extraction: Extraction) -> list[Finding]:
    """Every check that can be made on one report, in the order of its text."""
    findings = [f for function in dict.fromkeys(checks().values()) for f in function(extraction)]
    return sorted(findings, key=lambda f: (f.span is None, f.span or (0, 0), f.check, f.expression))
