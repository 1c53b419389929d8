"""Writing annotated passages by hand: ⟦5|applications.received⟧ in a plain text file.

A file holds passages, each under a header line:

    @@ agency=清平市水务局 | year=2019 | level=bureau | region=江西 | family=a1
    全年共收到政府信息公开申请⟦5|applications.received⟧件，均已答复。

A mark is ⟦text|label⟧. The label is a statistic id or a bare kind, or `O` for digits that are no
figure (document numbers, telephones, list numbers); every ASCII or full-width digit must stand
in a mark, so that nothing is forgotten. After the label may stand `@scope` (year is the
default; `other` for dates), `?` (doubtful) and `!` (damaged). A worded zero names what it
zeroes: ⟦未收到|0 applications.received⟧, ⟦未发生|0 reconsideration.total litigation.total⟧.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

from models.ontology import load_ontology
from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage, GoldFigure, default_scope, to_json

MARK = re.compile(r"⟦([^⟦⟧|]+)\|([^⟦⟧|]+)⟧")
LABEL = re.compile(r"(?P<zero>0 )?(?P<ids>[a-zA-Z_.]+(?: [a-z_.]+)*)(?:@(?P<scope>[a-z_]+))?(?P<flags>[?!]*)")
SCOPES = ("year", "cumulative", "previous_year", "partial", "other")
HEADER_KEYS = ("agency", "year", "level", "region", "family")


def parse_markup(source: str, *, name: str, labels: Collection[str]) -> list[AnnotatedPassage]:
    """Passages of one markup file.

    Raises:
        ConfigError: naming the file and the line of the first thing that is wrong.
    """
    passages: list[AnnotatedPassage] = []
    chunks = re.split(r"(?m)^@@", source)
    line = 1 + chunks[0].count("\n")
    if chunks[0].strip():
        raise ConfigError(f"{name}:1: text before the first @@ header")
    for index, chunk in enumerate(chunks[1:]):
        where = f"{name}:{line}"
        header, _, body = chunk.partition("\n")
        line += chunk.count("\n")
        passages.append(_passage(header, body.strip("\n"), f"{name}-{index:03}", where, labels))
    return passages


def _passage(header: str, body: str, identifier: str, where: str, labels: Collection[str]) -> AnnotatedPassage:
    pairs = dict(part.strip().split("=", 1) for part in header.split("|") if "=" in part)
    if set(pairs) != set(HEADER_KEYS) or not pairs["year"].isdigit():
        raise ConfigError(f"{where}: header needs {', '.join(HEADER_KEYS)}; got {header.strip()!r}")
    text, figures = _unmark(body, where, labels)
    if not text.strip():
        raise ConfigError(f"{where}: empty passage")
    return AnnotatedPassage(
        id=identifier,
        agency=pairs["agency"],
        year=int(pairs["year"]),
        level=pairs["level"],
        region=pairs["region"],
        family=pairs["family"],
        text=text,
        figures=tuple(figures),
    )


def _unmark(body: str, where: str, labels: Collection[str]) -> tuple[str, list[GoldFigure]]:
    text = ""
    figures: list[GoldFigure] = []
    done = 0
    for mark in MARK.finditer(body):
        text += _plain(body[done : mark.start()], where)
        start, end = len(text), len(text) + len(mark[1])
        text += mark[1]
        done = mark.end()
        figures.extend(_figures(mark, start, end, where, labels))
    return text + _plain(body[done:], where), figures


def _figures(mark: re.Match[str], start: int, end: int, where: str, labels: Collection[str]) -> list[GoldFigure]:
    parts = LABEL.fullmatch(mark[2].strip())
    if parts is None:
        raise ConfigError(f"{where}: cannot read the mark {mark[0]!r}")
    ids = parts["ids"].split()
    if ids == ["O"]:
        return []
    if unknown := [i for i in ids if i not in labels]:
        raise ConfigError(f"{where}: unknown label {unknown[0]!r} in {mark[0]!r}")
    if len(ids) > 1 and not parts["zero"]:
        raise ConfigError(f"{where}: several labels, but no worded zero, in {mark[0]!r}")
    scope = parts["scope"] or default_scope(ids[0])
    if scope not in SCOPES:
        raise ConfigError(f"{where}: unknown scope {scope!r}; known: {', '.join(SCOPES)}")
    return [
        GoldFigure(
            start,
            end,
            mark[1],
            statistic,
            scope=scope,
            zero=bool(parts["zero"]),
            doubtful="?" in parts["flags"],
            damaged="!" in parts["flags"],
        )
        for statistic in ids
    ]


def _plain(text: str, where: str) -> str:
    if stray := re.search(r"[⟦⟧]", text):
        raise ConfigError(f"{where}: broken mark near {text[max(0, stray.start() - 10) :][:30]!r}")
    if digits := re.search(r"[0-9０-９]", text):
        near = text[max(0, digits.start() - 10) : digits.start() + 10]
        raise ConfigError(f"{where}: digits outside a mark near {near!r} (use |O for no figure)")
    return text


def main() -> None:
    """`python -m annotation.markup FILE...`: check the files and print them as JSONL."""
    labels = load_ontology().labels
    for path in map(Path, sys.argv[1:]):
        for passage in parse_markup(path.read_text("utf-8"), name=path.stem, labels=labels):
            sys.stdout.write(to_json(passage) + "\n")


if __name__ == "__main__":
    main()
