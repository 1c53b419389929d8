"""Anything read as a table holds what is promised; placing values and solving sums against brute force."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.forms import Equation, load_forms, own_sums
from models.schema.document import Grid, GridCell, Span
from models.tables import search, solve
from models.tables.align import Aligned, align
from models.tables.cut import NUMBER, split
from models.tables.place import Placement, placements, satisfying, trimmed
from models.tables.solve import solve as solve_all
from models.tables.tokens import Piece
from tests.planted import (
    LAYOUTS,
    parse,
    plant,
)
from tests.planted.checked import ALL_FORMS

# ---------------------------------------------------------------- anything at all


WORDS = [
    "信息内容", "规章", "行政许可", "行政处罚", "本年制发件数", "本年新公开数量", "自然人", "总计", "其他",
    "一、本年新收政府信息公开申请数量", "三、本年度办理结果", "(一)予以公开", "1.属于国家秘密", "(七)总计",
    "四、结转下年度继续办理", "行政复议", "未经复议直接起诉", "结果维持", "尚未审结", "0", "3", "1,234", "+7", "减3",
    "1.2.3", "12万元", "/", "—", "", "|", "||||", "\t", "\t0\t0\t", "| --- | --- |", "。", "九" * 50, "９９", "\x00", "²", "①",
    "٣", "１，２３４", "1" * 60, "-", "万元", "\u2028", "\r", "零", "十",
]  # fmt: skip
QUICK = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def _check_anything(text: str, grids: tuple[Grid, ...] = ()) -> Aligned | None:
    result = align(text, grids)
    if result is None:
        return None
    assert [c.id for c in result.cells] == list(load_forms()[result.form].cells)
    for cell in result.cells:
        assert 0 <= cell.confidence <= 1
        assert (cell.value is not None) == (cell.status in ("printed", "inferred"))
        assert (cell.span is None) == (cell.status == "missing")
        if cell.span is not None:
            assert 0 <= cell.span.start <= cell.span.end <= len(text)
    for earlier, later in zip(result.spans, result.spans[1:], strict=False):
        assert earlier.end <= later.start
    return result


@QUICK
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=60).map("\n".join)))
def test_anything_is_read(text: str) -> None:
    _check_anything(text)


@QUICK
@given(
    st.lists(st.sampled_from(WORDS), max_size=40),
    st.lists(st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(0, 40)] * 2), max_size=40),
)
def test_any_grid_is_read(words: list[str], cells: list[tuple[int, int, int, int]]) -> None:
    """Grids whose cells overlap, are empty or out of order."""
    text = "\n".join(words)
    made = [GridCell(r, c, 1, 1, Span(min(a, b, len(text)), min(max(a, b), len(text)))) for r, c, a, b in cells]
    _check_anything(text, (Grid(Span(0, len(text)), tuple(made)),) if made else ())


Mutation = tuple[str, float, str]


def _mutate(text: str, changes: Sequence[Mutation]) -> str:
    lines = text.split("\n")
    for what, where, word in changes:
        at = int(where * len(lines))
        if what == "delete":
            del lines[at : at + 1]
        elif what == "duplicate":
            lines[at:at] = lines[at : at + 1]
        elif what == "insert":
            lines.insert(at, word)
        else:
            lines[at : at + 2] = ["".join(lines[at : at + 2])]
    return "\n".join(lines)


@settings(QUICK, max_examples=50)
@given(
    st.sampled_from([x for x in LAYOUTS if not x.startswith("html") and "dropped" not in x]),
    st.sampled_from(ALL_FORMS),
    st.integers(0, 5),
    st.lists(
        st.tuples(
            st.sampled_from(["delete", "duplicate", "insert", "join"]),
            st.floats(0, 1, exclude_max=True),
            st.sampled_from(WORDS),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_mutated_tables(layout: str, form_id: str, seed: int, changes: list[Mutation]) -> None:
    text = _mutate(plant(form_id, layout, seed=seed).text, changes)
    result = _check_anything(text)
    for cell in result.cells if result else ():
        if cell.status == "printed" and cell.span is not None:
            stands = text[cell.span.start : cell.span.end]
            assert cell.value == (Decimal(0) if stands == "零" else parse(stands))


# ---------------------------------------------------------------- placing values


def _piece(value: int | None, at: int = 0) -> Piece:
    span = Span(at, at + 1)
    return Piece("blank", span, "") if value is None else Piece("value", span, str(value), value=Decimal(value))


def _values(placement: Placement) -> tuple[Decimal | None, ...]:
    return tuple(None if p is None else p.value for p in placement.pieces)


@QUICK
@given(st.lists(st.integers(0, 3), max_size=5), st.integers(1, 5))
def test_placements_against_brute_force(numbers: list[int], width: int) -> None:
    pieces = [_piece(v, k) for k, v in enumerate(numbers)]
    expected = set()
    for cells in product([None, *range(len(numbers))], repeat=width):
        used = [c for c in cells if c is not None]
        if used == sorted(set(used)) and len(used) == min(width, len(numbers)):
            expected.add(tuple(None if c is None else Decimal(numbers[c]) for c in cells))
    found = [_values(p) for p in placements(pieces, width)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@QUICK
@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=8), st.integers(1, 6))
def test_trimmed_against_brute_force(numbers: list[int | None], width: int) -> None:
    pieces = [_piece(v) for v in numbers]
    expected = [
        (left, len(numbers) - left - width)
        for left in range(len(numbers) - width + 1)
        if all(v is None for v in [*numbers[:left], *numbers[left + width :]])
    ]
    assert trimmed(pieces, width) == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.from_regex(r"-?[0-9]{1,5}(-[0-9]{1,2})?", fullmatch=True), st.booleans(), st.booleans())
def test_cuts_against_brute_force(digits: str, drops: bool, summed: bool) -> None:
    cells, sums = ("a", "b", "c"), [Equation("sum", ("c",), ("a", "b"), "")] if summed else []
    every = set()
    for ends in product([*range(len(digits) + 1)], repeat=2):
        words = [digits[a:b] for a, b in zip((0, *ends), (*ends, len(digits)), strict=True)]
        if list(ends) == sorted(ends) and (drops or all(words)) and all(NUMBER.fullmatch(w) for w in words if w):
            numbers = tuple(Decimal(w or 0) for w in words)
            if not summed or numbers[0] + numbers[1] == numbers[2]:
                every.add(numbers)
    expected = every if summed or (len(every) == 1 and not drops) else set()
    found = split([Piece("glued", Span(7, 7 + len(digits)), digits)], cells, sums, drops=drops)
    assert {way.numbers for way in found} == expected
    for way in found:
        for piece in filter(None, way.pieces):
            assert digits[piece.span.start - 7 : piece.span.end - 7] == piece.raw


def test_too_many_placements() -> None:
    assert placements([_piece(k) for k in range(12)], 30) == []


ROW = ("a", "b", "t")


@QUICK
@given(st.lists(st.integers(0, 4), min_size=0, max_size=3))
def test_satisfying_against_brute_force(numbers: list[int]) -> None:
    cells = tuple(f"0{c}" for c in ROW)
    equation = Equation("row", ("0t",), ("0a", "0b"), "")
    options = placements([_piece(v) for v in numbers], 3)
    good = [o for o in options if o.numbers[0] + o.numbers[1] == o.numbers[2]]
    assert satisfying(options, cells, [equation]) == good
    other = Equation("other line", ("9t",), ("9a",), "")
    assert satisfying(options, cells, own_sums(cells, [equation, other])) == good


def _system(n: int, *, balance: bool) -> list[Equation]:
    """Row sums of n lines, and column sums: the last line is the total of those before it."""
    system = [Equation("row", (f"{i}t",), (f"{i}a", f"{i}b"), "") for i in range(n)]
    for c in ROW:
        parts = tuple(f"{i}{c}" for i in range(n - 1))
        total = (f"{n - 1}{c}",)
        system.append(
            Equation("column", (*total, parts[0]), parts[1:], "") if balance else Equation("column", total, parts, "")
        )
    return system


def _brute_force(
    options: dict[int, list[Placement]],
    cells: dict[int, tuple[str, ...]],
    fixed: dict[str, Decimal],
    equations: Sequence[Equation],
) -> dict[int, list[Placement]] | None:
    """Equations with an unknown cell, or between known numbers only, restrict nothing."""
    movable = {c for ids in cells.values() for c in ids}
    known = set(fixed) | movable
    system = [e for e in equations if {*e.total, *e.parts} <= known and movable & {*e.total, *e.parts}]
    kept: dict[int, list[Placement]] = {i: [] for i in options}
    for chosen in product(*options.values()):
        numbers = dict(fixed)
        for i, placement in zip(options, chosen, strict=True):
            numbers |= zip(cells[i], placement.numbers, strict=True)
        if all(sum(numbers[c] for c in e.total) == sum(numbers[c] for c in e.parts) for e in system):
            for i, placement in zip(options, chosen, strict=True):
                kept[i].append(placement)
    if not all(kept.values()):
        return None
    return {i: [o for o in options[i] if o in kept[i]] for i in options}


@st.composite
def _systems(
    draw: st.DrawFn, low: int = 0
) -> tuple[dict[int, list[Placement]], dict[int, tuple[str, ...]], dict[str, Decimal], list[Equation]]:
    n = draw(st.integers(2, 4))
    truth = [[draw(st.integers(low, 2)), draw(st.integers(low, 2))] for _ in range(n - 1)]
    truth.append([sum(r[0] for r in truth), sum(r[1] for r in truth)])
    options: dict[int, list[Placement]] = {}
    cells: dict[int, tuple[str, ...]] = {}
    fixed: dict[str, Decimal] = {}
    for i, (a, b) in enumerate(truth):
        ids = tuple(f"{i}{c}" for c in ROW)
        row = [a, b, a + b + (draw(st.integers(0, 12)) == 12)]
        what = draw(st.integers(0, 5))
        if what == 0:
            fixed |= zip(ids, map(Decimal, row), strict=True)
        elif what == 1:
            continue
        else:
            shown = [v for v in row if v or draw(st.booleans())]
            options[i], cells[i] = placements([_piece(v, k) for k, v in enumerate(shown)], 3), ids
    return options, cells, fixed, _system(n, balance=draw(st.booleans()))


def _by_value(options: dict[int, list[Placement]] | None) -> dict[int, set[tuple[Decimal | None, ...]]] | None:
    return None if options is None else {i: {_values(p) for p in o} for i, o in options.items()}


Systems = tuple[dict[int, list[Placement]], dict[int, tuple[str, ...]], dict[str, Decimal], list[Equation]]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_systems())
def test_solve_against_brute_force(system: Systems) -> None:
    options, cells, fixed, equations = system
    assert _by_value(solve_all(options, cells, fixed, equations)) == _by_value(_brute_force(*system))


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(_systems())
def test_a_solver_tells_the_cells_that_are_the_same_in_every_solution(
    monkeypatch: pytest.MonkeyPatch, system: Systems
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(solve, "MAX_WORK", 0)
        less = _by_value(solve_all(*system))
    more = _by_value(_brute_force(*system))
    assert (less is None) == (more is None)
    for i in system[0] if more and less else ():
        assert more[i] <= less[i]
        for narrow, wide in zip(zip(*more[i], strict=True), zip(*less[i], strict=True), strict=True):
            same = {value or Decimal(0) for value in narrow}
            assert len(same) > 1 or {value or Decimal(0) for value in wide} == same


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(_systems())
def test_out_of_effort_less_is_said(monkeypatch: pytest.MonkeyPatch, system: Systems) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(solve, "MAX_WORK", 0)
        patch.setattr(search, "EFFORT", 1e-7)
        less = _by_value(solve_all(*system))
    more = _by_value(_brute_force(*system))
    assert less is not None or more is None
    assert more is None or less is None or all(more[i] <= less[i] for i in system[0])


def test_numbers_beyond_what_the_solver_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "MAX_WORK", 0)
    equation = Equation("sum", ("t",), ("a", "b"), "")
    large = Piece("value", Span(0, 1), "", value=Decimal(10) ** 60)
    options = {0: [Placement((large, None)), Placement((None, large))]}
    assert solve_all(options, {0: ("a", "b")}, {"t": Decimal(10) ** 60}, [equation]) == options


def test_solve_with_a_negative_number() -> None:
    """3 = a + b + c with a 4 or 0 and c -1 or 0: 4 + 0 - 1 is the one solution, cut before -1 is seen."""
    equation = Equation("sum", ("t",), ("a", "b", "c"), "")
    one, minus = Placement((_piece(4), None)), Placement((_piece(-1), None))
    options = {0: [one, Placement((None, _piece(4)))], 1: [minus, Placement((None, _piece(-1)))]}
    cells = {0: ("a", "x"), 1: ("c", "y")}
    fixed = {"t": Decimal(3), "b": Decimal(0)}
    kept = solve_all(options, cells, fixed, [equation])
    assert _by_value(kept) == _by_value(_brute_force(options, cells, fixed, [equation]))


def test_blank_means_zero_in_sums() -> None:
    assert Placement((None, _piece(None), _piece(3))).numbers == (Decimal(0), Decimal(0), Decimal(3))
