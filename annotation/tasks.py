"""From reports to annotation tasks: windows of narrative with what the tagger suggests."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation._exports import Task
from annotation._label_studio import to_task
from annotation.answers import Suggestions
from annotation.signals import signals_of
from models.readers.inputs import Input, iterate_inputs
from models.schema.document import Document, Span
from models.schema.errors import DocumentError
from models.schema.extraction import Extraction
from models.schema.figure import Figure
from models.schema.gold import AnnotatedPassage, GoldFigure

if TYPE_CHECKING:
    from models.narrative.text import Narrative
    from models.tagger.tagger import Tagger

log = logging.getLogger("gouji")
LIMIT = 1200
"""Characters of a task; only a longer sentence makes a longer one."""
HEADING = 40
"""A window that is not longer and where nothing is suggested is a heading alone: no task."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of a narrative: whole paragraphs of one section."""

    section: str
    span: Span


@dataclass
class Read:
    """What became of the inputs; `failures` are sources with the reason why they gave no task."""

    reports: int = 0
    tasks: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


def tasks_of(
    names: Sequence[str],
    tagger: Tagger,
    model_version: str,
    read: Read,
    *,
    utf16: bool = False,
    signals: bool = False,
) -> Iterator[Task]:
    """Tasks of every report that the names stand for, counted in `read`; a report met twice counts once."""
    seen: set[str] = set()
    for item in iterate_inputs(names):
        if item.failure is None and item.report_id in seen:
            continue
        seen.add(item.report_id)
        try:
            tasks = report_tasks(item, tagger, model_version, utf16=utf16, signals=signals)
        except DocumentError as error:
            read.failures.append((item.source, str(error)))
            continue
        except Exception as error:  # a bug in reading one report must not lose the others
            log.warning("reading %r", item.source, exc_info=True)
            read.failures.append((item.source, f"{type(error).__name__}: {error}"))
            continue
        read.reports += 1
        read.tasks += len(tasks)
        yield from tasks


def model_version(folder: Path) -> str:
    """The name under which the server keeps suggestions: the folder's, with a digest of its weights.

    A model that is trained again into the same folder is another version.
    """
    from models.tagger.tagger import checkpoint_digest

    name = re.sub(r"[^\w.-]", "-", folder.resolve().name)
    return f"{name}-{checkpoint_digest(folder)[:8]}"


def report_tasks(
    item: Input, tagger: Tagger, model_version: str, *, utf16: bool = False, signals: bool = False
) -> list[Task]:
    """Tasks of one report, in the order of its text.

    Args:
        item: the report.
        tagger: makes the suggestions.
        model_version: their name on the server.
        utf16: count offsets as old servers do.
        signals: put into the `meta` what `annotation/choose.py` goes by.

    Raises:
        DocumentError: it cannot be read, or is no report.
    """
    from models.narrative.read import read_figures
    from models.reading import read_report

    document, cells = read_report(item)
    narrative, figures = read_figures(document, tagger)
    found = signals_of(Extraction(document, narrative.text, tuple(figures), cells)) if signals else None
    tasks = []
    for number, window in enumerate(windows(document, narrative)):
        start, end = window.span
        inside = [f for f in figures if start <= f.place.start and f.place.end <= end]
        if not inside and end - start <= HEADING:
            continue
        place = narrative.source_span(start, end)
        origin: dict[str, Any] = {
            "report_id": item.report_id,
            "section": window.section,
            "start": place.start,
            "end": place.end,
        }
        if found is not None:
            origin |= found.of_window(window.span, place)
        passage = AnnotatedPassage(
            id=f"{item.report_id}-{number:03}",
            agency=document.agency or "",
            year=document.year or 0,
            level="",
            region="",
            family=document.agency or item.report_id,
            text=narrative.text[start:end],
            figures=(),
        )
        tasks.append(to_task(passage, origin, suggestions_of(inside, passage.text, start, model_version), utf16=utf16))
    return tasks


def windows(document: Document, narrative: Narrative) -> Iterator[Window]:
    """Cover the narrative with windows; a new section begins a new window."""
    section, start, end = "", 0, 0
    for piece in _pieces(narrative.text):
        here = document.section_at(narrative.positions[piece.start])
        if end > start and (here != section or piece.end - start > LIMIT):
            yield Window(section, Span(start, end))
            end = start
        if end == start:
            section, start = here, piece.start
        end = piece.end
    if end > start:
        yield Window(section, Span(start, end))


def _pieces(text: str) -> Iterator[Span]:
    """Paragraphs without their line break; those over the limit by sentences."""
    from models.narrative.text import sentences

    start = 0
    for line in text.split("\n"):
        if len(line) > LIMIT:
            yield from (Span(start + s.start, start + s.end) for s in sentences(line))
        elif line:
            yield Span(start, start + len(line))
        start += len(line) + 1


def suggestions_of(figures: Sequence[Figure], text: str, start: int, model_version: str) -> Suggestions | None:
    """What is suggested for a window that starts at `start`; of places that overlap, the most certain one."""
    kept: list[Figure] = []
    here: defaultdict[int, list[Figure]] = defaultdict(list)
    """Of what is kept, what covers a character."""
    for figure in sorted(figures, key=lambda f: -f.confidence):
        place = range(figure.place.start, figure.place.end)
        if all(_compatible(figure, other) for at in place for other in here[at]):
            kept.append(figure)
            for at in place:
                here[at].append(figure)
    if not kept:
        return None
    kept.sort(key=lambda f: f.place)
    gold = [
        GoldFigure(
            f.place.start - start,
            f.place.end - start,
            text[f.place.start - start : f.place.end - start],
            f.statistic,
            scope=f.scope,
            zero=f.zero,
        )
        for f in kept
    ]
    confidences = tuple(f.confidence for f in kept)
    return Suggestions(tuple(gold), min(confidences), model_version, confidences)


def _compatible(one: Figure, other: Figure) -> bool:
    if one.place == other.place:
        return one.zero and other.zero and one.statistic != other.statistic
    return one.place.end <= other.place.start or other.place.end <= one.place.start
