"""Planted reports broken at random: `python -m tests.fuzz [inputs] [first seed]`.

Whatever the input, reading and aligning must raise nothing but `DocumentError` and must give every cell of a form
or none; the command also counts what takes longer than it may. It prints counts, the slowest inputs and every
failure with its seed; `case(seed)` gives its bytes again.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from models.forms import load_forms
from models.readers.registry import read_bytes
from models.schema.errors import DocumentError
from models.tables.align import Aligned, align
from tests.bench_rows import rows

LIMIT, PER_MB = 1.5, 6.0
"""Seconds of processor time for one input, and for each of its megabytes."""
SPAM = [
    "澳门新葡京官方网站888",
    "【开云体育app】",
    "cheap pills $9.99",
    "字(zì)数(shù)",
    "笆奈濉薄?",
    "\ufffd\ufffd",
    "?" * 40,
]
CONTROLS = [
    "\x00",
    "\x0b",
    "\x0c",
    "\x1b[31m",
    "\u2028",
    "\u200b",
    "\ufeff",
    "\u202e",
    "\x85",
    "\r",
    "\u3000",
    "\ud83d",
]
NUMBERS = [
    "9" * 400,
    "1" * 4000,
    "0.0000000001",
    "1e999",
    "-0",
    "１２，３４５",
    "1,2,3,4",
    "٣",
    "²",
    "①",
    "1" + "0" * 30 + "万",
]
TAGS = [
    "<table><tr><td>",
    "</td></tr></table>",
    "<td rowspan=99999 colspan=99999>",
    "<div>",
    "</p>",
    "<!--",
    "<script>",
    "<td",
]
ALIKE = [
    "规章",
    "行政许可",
    "总计",
    "(七)总计",
    "一、本年新收政府信息公开申请数量",
    "行政复议",
    "信息内容",
    "0",
    "/",
    "|",
    "\t",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input: its kind, seconds of processor time, bytes, and what is wrong if anything."""

    seed: int
    kind: str
    seconds: float
    size: int
    problem: str = ""

    @property
    def late(self) -> bool:
        """Whether it took longer than it may."""
        return self.seconds > LIMIT + PER_MB * self.size / 1e6


def case(seed: int) -> tuple[bytes, str]:
    """The bytes of one input, and the suffix of its file."""
    rng = random.Random(seed)
    every = rows()
    row = every[rng.randrange(len(every))]
    planted = row.plant(rng.randrange(12))
    text, suffix = (planted.page, ".html") if planted.page else (planted.text, ".txt")
    if not planted.page and rng.random() < 0.1:
        suffix = ".html"
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        text = rng.choice(MUTATIONS)(text, rng)
    data = text.encode(rng.choice(["utf-8"] * 8 + ["gb18030", "utf-16"]), errors="replace")
    if rng.random() < 0.05 and data:
        data = _flipped(data, rng)
    return data, suffix


def outcome(seed: int) -> Outcome:
    """Read and align one input."""
    data, suffix = case(seed)
    start = time.process_time()
    kind, problem = "no table", ""
    try:
        source = read_bytes(data, suffix)
        aligned = align(source.text, source.grids)
        if aligned is not None:
            kind, problem = "aligned", _incomplete(aligned, len(source.text))
    except DocumentError:
        kind = "refused"
    except Exception:  # noqa: BLE001 - this is what the fuzzing looks for
        kind, problem = "raised", traceback.format_exc(limit=-3)
    return Outcome(seed, kind, time.process_time() - start, len(data), problem)


def _incomplete(aligned: Aligned, length: int) -> str:
    """What is wrong with the cells themselves; empty where nothing is."""
    if [c.id for c in aligned.cells] != list(load_forms()[aligned.form].cells):
        return "not the cells of the form"
    for cell in aligned.cells:
        if not 0 <= cell.confidence <= 1 or (cell.value is not None) != (cell.status in ("printed", "inferred")):
            return f"no possible cell: {cell}"
        if cell.span is not None and not 0 <= cell.span.start <= cell.span.end <= length:
            return f"outside the text: {cell}"
    return ""


# ---------------------------------------------------------------- mutations


def _cut(text: str, rng: random.Random, longest: int = 60) -> tuple[int, int]:
    start = rng.randrange(len(text) + 1)
    return start, min(len(text), start + rng.randint(0, longest))


def _insert(words: list[str]) -> Callable[[str, random.Random], str]:
    def mutate(text: str, rng: random.Random) -> str:
        at = rng.randrange(len(text) + 1)
        end = rng.choice(["", "\n", " ", "\t"])
        return text[:at] + end + rng.choice(words) * rng.choice([1, 1, 1, 3]) + end + text[at:]

    return mutate


def _delete(text: str, rng: random.Random) -> str:
    start, end = _cut(text, rng)
    return text[:start] + text[end:]


def _duplicate(text: str, rng: random.Random) -> str:
    start, end = _cut(text, rng, 2000)
    return text[:end] + text[start:end] * rng.choice([1, 1, 4]) + text[end:]


def _swap(text: str, rng: random.Random) -> str:
    (a, b), (c, d) = sorted([_cut(text, rng), _cut(text, rng)])
    return text if b > c else text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _by(separator: str) -> Callable[[str, random.Random], str]:
    """Delete, duplicate, swap or move a line or a cell."""

    def mutate(text: str, rng: random.Random) -> str:
        parts = text.split(separator)
        for _ in range(rng.choice([1, 3, 10])):
            i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
            what = rng.randrange(4)
            if what == 0 and len(parts) > 1:
                del parts[i]
            elif what == 1:
                parts.insert(j, parts[i])
            elif what == 2:
                parts[i], parts[j] = parts[j], parts[i]
            else:
                parts.insert(j, parts.pop(i))
        return separator.join(parts)

    return mutate


def _digits(text: str, rng: random.Random) -> str:
    """One digit in so many becomes another character."""
    share = rng.choice([0.01, 0.1, 0.5])
    return "".join(rng.choice("0123456789O l|") if c.isdigit() and rng.random() < share else c for c in text)


def _shuffled(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    part = lines[start : start + 30]
    rng.shuffle(part)
    return "\n".join([*lines[:start], *part, *lines[start + 30 :]])


def _one_line(text: str, rng: random.Random) -> str:
    return text.replace("\n", rng.choice(["", " ", "\t", "|"]))


def _long_line(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return (
        text[:at] + rng.choice(["0 ", "|", "\t", "总计", "a", "0", "<b>"]) * rng.choice([500, 5000, 30000]) + text[at:]
    )


def _nested(text: str, rng: random.Random) -> str:
    depth = rng.choice([5, 50, 500])
    return rng.choice(["<table><tr><td>", "<div>", "<b>"]) * depth + text


def _truncated(text: str, rng: random.Random) -> str:
    start, end = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
    return rng.choice([text[:end], text[start:], text[start:end]])


def _flipped(data: bytes, rng: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(rng.choice([1, 10, 100])):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


MUTATIONS: list[Callable[[str, random.Random], str]] = [
    _delete, _duplicate, _swap, _by("\n"), _by("\n"), _by("\t"), _by("|"), _by(" "), _by("<td>"), _by("</tr>"), _digits,
    _shuffled, _one_line, _long_line, _nested, _truncated,
    *(_insert(words) for words in (SPAM, CONTROLS, NUMBERS, TAGS, ALIKE)),
]  # fmt: skip


def main(inputs: int = 20_000, first: int = 0) -> int:
    """Fuzz and print what came out; 1 where something failed."""
    found: list[Outcome] = []
    import_module("ortools.sat.python.cp_model")  # loaded when the first table needs it, and no input's own time
    start = time.perf_counter()
    for seed in range(first, first + inputs):
        found.append(outcome(seed))
        late = f"{found[-1].seconds:.1f} s for {found[-1].size} bytes" if found[-1].late else ""
        if found[-1].problem or late:
            sys.stdout.write(f"seed {seed}: {found[-1].problem or late}\n")
            sys.stdout.flush()
        if len(found) % 500 == 0:
            sys.stderr.write(f"[{len(found)}/{inputs}, {time.perf_counter() - start:.0f} s]\n")
    counts = Counter(o.kind for o in found)
    sys.stdout.write(f"{inputs} inputs: " + ", ".join(f"{n} {kind}" for kind, n in counts.most_common()) + "\n")
    slowest = sorted(found, key=lambda o: -o.seconds)[:5]
    sys.stdout.write("slowest: " + ", ".join(f"{o.seconds:.2f} s (seed {o.seed})" for o in slowest) + "\n")
    failed, late = sum(bool(o.problem) for o in found), sum(o.late for o in found)
    sys.stdout.write(f"{failed} failures, {late} longer than {LIMIT} s and {PER_MB} s a megabyte\n")
    return 1 if failed or late else 0


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in sys.argv[1:3])))
