"""Collects the visible text of a page or file: white space is folded, blocks end lines."""

from __future__ import annotations

import re

_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
"""Characters without width, which editors leave in cells."""


class Writer:
    """Text that grows; `length` is the place of the next character."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.line_open = False

    def text(self, raw: str) -> None:
        """Append words; white space at the start of a line falls away, elsewhere it is one space."""
        words = re.sub(r"\s+", " ", raw.translate(_NOTHING))
        if not self.line_open:
            words = words.lstrip(" ")
        if words:
            self._put(words)
            self.line_open = not words.isspace()

    def lines(self, raw: str) -> None:
        """Append text whose line breaks stay, but not after the last one."""
        for number, part in enumerate(raw.split("\n")):
            if number:
                self.line()
            self.text(part)

    def line(self) -> None:
        """End the line, if there is something on it."""
        if self.line_open:
            self._put("\n")
            self.line_open = False

    @property
    def whole(self) -> str:
        """Everything so far."""
        return "".join(self.parts)

    def _put(self, words: str) -> None:
        self.parts.append(words)
        self.length += len(words)
