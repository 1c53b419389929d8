"""Headers set upright side by side, as the text of a page gives them.

The first characters of all columns stand in a line, then the second ones; shorter words are missing
from the later lines. Which labels of the forms these lines spell is found by reading all columns at once: each
line gives the next character, in order, to the columns whose word has not ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count

from models.forms import form_labels, load_forms
from models.lines import bare

MAX_COLUMNS = 24
MAX_TRIES = 20_000
"""Columns looked at in lines that follow each other, beyond which they stay as they are."""
CHINESE = frozenset(map(chr, range(0x4E00, 0xA000)))

Line = tuple[int, str]
"""Where a line begins in the text, and the line."""


def is_tangled(line: str) -> bool:
    """Whether a line is single Chinese characters apart by spaces."""
    words = line.split()
    return 0 < len(words) <= MAX_COLUMNS and all(word in CHINESE for word in words)


def untangled(lines: Sequence[Line]) -> Iterator[Line]:
    """Tangled lines, those that spell labels of the forms replaced by one line of these labels.

    The new line begins where its header does and is no longer, so that its places lie within the header.
    """
    rows = [line.split() for _, line in lines]
    tries = count()
    done = 0
    while done < len(lines):
        words, end = _spelt(rows, done + 1, tuple(rows[done]), tuple(range(len(rows[done]))), tries) or ((), 0)
        if len(words) > 1:
            yield lines[done][0], " ".join(words)
            done = end
        else:
            yield lines[done]
            done += 1


Columns = tuple[tuple[str, ...], tuple[int, ...]]
"""What each column spells so far, and the columns that have not ended."""


def _spelt(
    rows: Sequence[Sequence[str]], row: int, words: tuple[str, ...], going: tuple[int, ...], tries: Iterator[int]
) -> tuple[tuple[str, ...], int] | None:
    """Labels of all columns and the row after them; longer labels are tried first."""
    if row < len(rows):
        for longer, still in _continued(words, going, rows[row], tries):
            if (found := _spelt(rows, row + 1, longer, still, tries)) is not None:
                return found
    return (words, row) if all(words[c] in _labels() for c in going) else None


def _continued(
    words: tuple[str, ...], going: tuple[int, ...], row: Sequence[str], tries: Iterator[int]
) -> Iterator[Columns]:
    """Every way to give the characters of a row to the columns in order; a column without one ends there."""
    if len(row) > len(going) or next(tries) > MAX_TRIES:
        return
    if not going:
        yield words, ()
        return
    column, *others = going
    if row and (longer := words[column] + row[0]) in _beginnings():
        with_it = (*words[:column], longer, *words[column + 1 :])
        for following, still in _continued(with_it, tuple(others), row[1:], tries):
            yield following, (column, *still)
    if words[column] in _labels():
        yield from _continued(words, tuple(others), row, tries)


@cache
def _labels() -> frozenset[str]:
    return frozenset(bare(label) for form in load_forms().values() for label in form_labels(form))


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(label[:end] for label in _labels() for end in range(1, len(label) + 1))
