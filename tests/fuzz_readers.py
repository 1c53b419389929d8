"""Readers fed with damaged files: `python -m tests.fuzz_readers [--minutes 10] [--seed 0]`.

Seeds are small files of every format, written here; bytes of them are changed, moved, doubled and cut, in packed
formats also those within. A reader may give a source or a `DocumentError`; a shard gives inputs. What takes longer than
`LIMIT` seconds of processor time, or more memory than there is, ends here as it does in a run, and is named. The command prints counts, the slowest inputs and every failure with its number; `case(number)`
gives its bytes again.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from models.readers.inputs import Input, inputs_of
from models.reading import read_report
from models.schema.errors import DocumentError
from tests.hostile_cases import PDF, SHARDS, WORD
from tests.hostile_files import REPORT, docx, page
from tests.planted import plant
from tests.printing import Manner, print_docx, print_pdf
from tests.test_warc import archive

LIMIT = 20
"""Seconds of processor time for one input; damaged bytes can claim more than whole ones, but not without end."""
MEMORY = 4 * 2**30
TOKENS = [
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"<", b">", b"<table>", b"<td rowspan=99999>", b"&#x110000;", b"]]>", b"<!--",
    b"%PDF-", b"stream\n", b"endstream", b"/Length 99999999", b"<<", b">>", b"[", b"]", b"1 0 R", b"4 0 R", b"9" * 40, b"-1",
    b"/Filter/LZWDecode", b"/Predictor 15", b"/Type/ObjStm", b"PK\x03\x04", b"PK\x01\x02", b"WARC/1.0\r\n", b"\r\n\r\n",
    b"Content-Length: 99999999\r\n", b"{", b"}", b'"', b"\\ud800", b"NaN", b"PAR1", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
]  # fmt: skip


class Outcome(NamedTuple):
    """What became of one input: its kind, seconds of processor time, and what is wrong if anything."""

    number: int
    name: str
    kind: str
    seconds: float
    problem: str = ""


@cache
def seeds() -> dict[str, bytes]:
    """Whole files by name; the suffix tells the reader."""
    record = json.dumps({"text": REPORT, "url": "http://a.example.cn/1", "year": 2021}).encode() + b"\n"
    table = io.BytesIO()
    pq.write_table(pa.table({"text": [REPORT, "x"], "year": [2021, None], "agency": ["青禾镇", None]}), table)
    pages = [{}, {"type": "text/plain", "data": REPORT.encode()}, {"headers": [("Content-Encoding", "gzip")]}]
    planted = plant("2021", "html", seed=3)
    found = {
        "a.txt": REPORT.encode(),
        "b.txt": REPORT.encode("gb18030"),
        "c.txt": REPORT.encode("utf-16"),
        "a.html": page("<table><tr><th rowspan=2>规章<td>1<td>2<tr><td colspan=2>3</table><ul><li>x<img src=a></ul>"),
        "a.docx": docx(),
        "b.docx": print_docx(planted),
        "a.pdf": print_pdf(planted, Manner()),
        "b.pdf": print_pdf(planted, Manner(rules="none", turn=90)),
        "a.jsonl": record * 3,
        "a.jsonl.gz": gzip.compress(record * 3),
        "a.jsonl.zst": zstandard.ZstdCompressor().compress(record * 3),
        "a.parquet": table.getvalue(),
        "a.warc": archive(pages),
        "a.warc.gz": archive(pages, packed=True),
    }
    small = [case for case in (*PDF, *WORD, *SHARDS) if case.name.split(".")[0] in SMALL]
    return found | {case.name: case.data() for case in small}


SMALL = {
    "pages-loop", "xref-loop", "object-stream-in-itself", "form-in-itself", "cid-widths", "remote", "laughs", "types", "chunks",
}  # fmt: skip
"""Hostile cases that are small, as seeds."""


def case(number: int) -> tuple[str, bytes]:
    """Name and bytes of an input."""
    rng = random.Random(number)
    name = rng.choice(sorted(seeds()))
    data = seeds()[name]
    inside = WITHIN.get(name.rpartition(".")[2])
    if inside is not None and rng.random() < 0.6:
        return name, inside(data, rng)
    return name, damaged(data, rng)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some of them changed."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        start = rng.randrange(len(out) + 1)
        end = min(len(out), start + rng.choice([1, 2, 8, 100, 2000]))
        what = rng.randrange(7)
        if what == 0:
            out[start:end] = b""
        elif what == 1:
            out[start:start] = rng.choice(TOKENS) * rng.choice([1, 1, 1, 50])
        elif what == 2:
            out[start:end] = rng.choice(TOKENS)
        elif what == 3:
            out[start:start] = out[start:end] * rng.choice([1, 1, 20])
        elif what == 4 and out:
            at = rng.randrange(len(out))
            out[at] = rng.choice([0, 255, out[at] ^ (1 << rng.randrange(8)), rng.randrange(256)])
        elif what == 5:
            digits = [i for i, byte in enumerate(out[start : start + 500], start) if 48 <= byte <= 57]
            for at in rng.sample(digits, min(len(digits), 3)):
                out[at] = rng.choice(b"0123456789")
        elif rng.random() < 0.2:
            del out[start:]
    return bytes(out)


def _zip(data: bytes, rng: random.Random) -> bytes:
    """An archive, one part of which is damaged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(out, "w") as file:
        chosen = rng.choice(whole.namelist())
        for name in whole.namelist():
            file.writestr(name, damaged(whole.read(name), rng) if name == chosen else whole.read(name))
    return out.getvalue()


def _pdf(data: bytes, rng: random.Random) -> bytes:
    """A PDF, one packed stream of which is damaged; its length stays wrong, as in damaged files."""
    starts = [at for at in range(len(data)) if data.startswith(b"stream\n", at) and data[at + 7 : at + 8] == b"\x78"]
    if not starts:
        return damaged(data, rng)
    at = rng.choice(starts) + 7
    unpacker = zlib.decompressobj()
    inner = unpacker.decompress(data[at:], 2**20)
    return data[:at] + zlib.compress(damaged(inner, rng)) + unpacker.unused_data


WITHIN: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "docx": _zip,
    "pdf": _pdf,
    "gz": lambda data, rng: gzip.compress(damaged(gzip.decompress(data), rng), mtime=0),
    "zst": lambda data, rng: zstandard.ZstdCompressor().compress(
        damaged(zstandard.ZstdDecompressor().decompress(data), rng)
    ),
}
"""By format, how what is packed in a file is damaged."""


def outcome(number: int, folder: Path) -> Outcome:
    """Read one input, with its records if it is a shard."""
    name, data = case(number)
    path = folder / f"x{name[name.index('.') :]}"
    path.write_bytes(data)
    started = time.process_time()
    kinds: set[str] = set()
    problem = ""
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        for item in inputs_of(path):
            kinds.add(_kind(item) if isinstance(item, Input) else "skipped")
    except (MemoryError, TimeoutError) as error:
        kinds.add(type(error).__name__)
    except Exception:  # noqa: BLE001 - this is what the fuzzing looks for
        problem = traceback.format_exc(limit=-4)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return Outcome(number, name, "+".join(sorted(kinds)) or "nothing", time.process_time() - started, problem)


def _kind(item: Input) -> str:
    try:
        document, _ = read_report(item)
    except DocumentError:
        return "refused"
    ends = [span.end for span in document.tables]
    if max(ends, default=0) > len(document.text):
        raise AssertionError("a table ends outside the text")
    return "read"


def _late(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"more than {LIMIT} s")


def main() -> int:
    """Fuzz and print what came out; 1 where something escaped or hung."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _late)
    end = time.monotonic() + 60 * chosen.minutes
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        number = chosen.seed
        while time.monotonic() < end:
            found.append(outcome(number, Path(folder)))
            late = found[-1].seconds > LIMIT
            if found[-1].problem or late:
                sys.stdout.write(f"{number} {found[-1].name}: {found[-1].problem or 'too long'}\n")
                sys.stdout.flush()
            number += 1
    counts = Counter(f"{o.name.partition('.')[2]} {o.kind}" for o in found)
    sys.stdout.write(f"{len(found)} inputs: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) + "\n")
    slowest = sorted(found, key=lambda o: -o.seconds)[:5]
    sys.stdout.write("slowest: " + ", ".join(f"{o.seconds:.1f} s ({o.number} {o.name})" for o in slowest) + "\n")
    failed = sum(bool(o.problem) for o in found)
    late = sum(o.seconds > LIMIT for o in found)
    sys.stdout.write(f"{failed} escaped, {late} ended after {LIMIT} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
