"""Suggestions for texts of tasks that stand on a server, by a tagger that may be replaced while it serves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annotation.answers import Suggestions
from annotation.tasks import suggestions_of
from models.narrative.read import read_many
from models.schema.document import Document, Source, Span
from models.schema.figure import Figure
from models.tagger.tagger import Tagger


@dataclass(frozen=True, slots=True)
class Asked:
    """A text with the year of its report, and what of it is asked about.

    Attributes:
        year: None where it is not known.
        places: only figures that touch one of these, in characters; empty for the whole text.
    """

    text: str
    year: int | None = None
    places: tuple[Span, ...] = ()


class Suggester:
    """A tagger and its version; one request at a time reads, the others wait."""

    def __init__(self, tagger: Tagger, model_version: str) -> None:
        self._tagger, self._version = tagger, model_version
        self._lock = threading.Lock()

    @property
    def model_version(self) -> str:
        """The version that answers now."""
        return self._version

    def use(self, folder: Path, device: str) -> None:
        """Answer with another checkpoint from now on; its folder's name is the version."""
        tagger = Tagger.load(folder, device)
        with self._lock:
            self._tagger, self._version = tagger, folder.resolve().name

    def suggest(self, asked: Sequence[Asked], wait: float) -> list[Suggestions]:
        """Suggestions for each text, in order; one without any has the score 0.

        Raises:
            TimeoutError: others kept the tagger busy for `wait` seconds.
        """
        if not self._lock.acquire(timeout=wait):
            raise TimeoutError
        try:
            version = self._version
            read = read_many([_document(one) for one in asked], self._tagger)
        finally:
            self._lock.release()
        found = []
        for one, (_, figures) in zip(asked, read, strict=True):
            inside = [replace(f, place=f.span) for f in figures if _asked_about(f, one.places)]
            found.append(suggestions_of(inside, one.text, 0, version) or Suggestions((), 0.0, version))
        return found


def _document(asked: Asked) -> Document:
    """The text of a task is narrative and nothing else."""
    source = Source(text=asked.text, encoding="utf-8")
    return Document(source, None, asked.year, "", None, (), (), (), ())


def _asked_about(figure: Figure, places: Sequence[Span]) -> bool:
    return not places or any(figure.span.start < p.end and p.start < figure.span.end for p in places)
