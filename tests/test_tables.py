"""Tables in every layout, with blanks, errors and repetitions, against planted truth."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

import pytest

from models.forms import Equation, Form, load_forms
from models.schema.table import Cell
from models.tables.align import align
from tests.planted import (
    DROPPING,
    LAYOUTS,
    Expected,
    Planted,
    Profile,
    Style,
    numbers_of,
    parse,
    plant,
)
from tests.planted.checked import ALL_FORMS, FORMS, PROFILES, STYLES, aligned, check_places, differences, right, wrong

# ---------------------------------------------------------------- the generator itself


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("form_id", FORMS)
def test_planted_values_satisfy_the_form(form_id: str, profile: Profile) -> None:
    form = load_forms()[form_id]
    for seed in range(20):
        values = numbers_of(form, random.Random(seed), profile)
        assert list(values) == list(form.cells)
        for e in form.equations:
            assert sum(values[c] for c in e.total) == sum(values[c] for c in e.parts)
        assert all(v >= 0 or form.columns_by_cell[c].signed for c, v in values.items())
        assert (profile == "zeros") == (not any(values.values()))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_planted_places_hold_their_values(layout: str) -> None:
    for style in (Style(), *STYLES.values()):
        planted = plant("2019", layout, seed=3, style=style, blank=0.3)
        for cell_id, expected in planted.truth.items():
            assert expected.kind in ("printed", "dropped" if layout in DROPPING or layout == "bars" else "blank")
            if expected.kind == "printed":
                assert expected.span is not None
                start, end = expected.span
                assert parse(planted.text[start:end]) == expected.value == planted.numbers[cell_id]


# ---------------------------------------------------------------- undamaged tables


UNDAMAGED = [
    "spaced", "lines", "bars", "markdown", "tabs", "tabs shifted", "labels broken", "html",
    "spaced, blanks dropped", "lines, blanks dropped",
    "headers broken",
    "headers stacked",
    "tabs, labels broken",
    "html nested",
]  # fmt: skip


@pytest.mark.parametrize("layout", UNDAMAGED)
def test_every_cell_of_an_undamaged_table(layout: str) -> None:
    for form_id in FORMS if layout == "tabs, labels broken" else ALL_FORMS:
        for seed, profile in enumerate(PROFILES):
            planted = plant(form_id, layout, seed=seed, profile=profile, remarks=bool(seed % 2))
            cells = aligned(planted)
            assert not differences(planted, cells)
            check_places(planted.text, cells)


@pytest.mark.parametrize("layout", ["headers broken", "headers stacked"])
def test_broken_headers_leave_the_rows_alone(layout: str) -> None:
    """The rows below a broken header are found, or said to be missing; never wrong."""
    for form_id in FORMS:
        for seed in range(3):
            planted = plant(form_id, layout, seed=seed)
            cells = aligned(planted)
            assert not wrong(planted, cells, ("disclosure", "applications"))
            assert not differences(planted, cells, ("applications",))


@pytest.mark.parametrize("layout", ["spaced", "bars", "html"])
@pytest.mark.parametrize("style", STYLES)
def test_styles_of_numbers(style: str, layout: str) -> None:
    for seed, form_id in enumerate(ALL_FORMS):
        planted = plant(form_id, layout, seed=seed, profile="busy", style=STYLES[style])
        cells = aligned(planted)
        assert not differences(planted, cells)
        check_places(planted.text, cells)


@pytest.mark.parametrize("mark", ["/", "-", "—"])
@pytest.mark.parametrize("layout", ["spaced", "bars", "tabs"])
def test_marks_for_none_are_blanks(layout: str, mark: str) -> None:
    for seed, form_id in enumerate(ALL_FORMS):
        planted = plant(form_id, layout, seed=seed, profile="ordinary", style=Style(none=mark))
        assert not differences(planted, aligned(planted), ("disclosure", "applications"))


@pytest.mark.parametrize("layout", ["spaced", "bars", "markdown", "tabs", "html"])
def test_few_numbers_among_marks_in_remedies(layout: str) -> None:
    for seed, form_id in enumerate(FORMS * 3):
        planted = plant(form_id, layout, seed=seed, profile="ordinary", style=Style(none="/"))
        assert not differences(planted, aligned(planted), ("remedies",))


@pytest.mark.parametrize("layout", ["markdown", "spaced", "tabs", "html"])
def test_a_mark_has_its_place(layout: str) -> None:
    """A blank that is printed as a mark points at its mark, also in a line of nothing else."""
    planted = plant("2021", layout, profile="zeros", style=Style(none="/"))
    cells = aligned(planted)
    assert {c: (x.status, x.span) for c, x in cells.items()} == {c: ("blank", x.span) for c, x in planted.truth.items()}


# ---------------------------------------------------------------- blanks that the layout shows


SHOWN = ["html", "markdown", "tabs"]


@pytest.mark.parametrize("layout", SHOWN)
@pytest.mark.parametrize("blank", [0.5, 1.0])
def test_shown_blanks(layout: str, blank: float) -> None:
    for form_id in ALL_FORMS:
        for seed, profile in enumerate(PROFILES):
            planted = plant(form_id, layout, seed=seed, profile=profile, blank=blank)
            assert not differences(planted, aligned(planted), ("disclosure", "applications"))


@pytest.mark.parametrize("layout", ["spaced", "lines"])
def test_blanks_kept_as_empty_lines(layout: str) -> None:
    """A few blanks in a table whose other lines are complete."""
    for form_id in ALL_FORMS:
        for seed in range(4):
            planted = plant(form_id, layout, seed=seed, profile="ordinary", blank=0.1)
            assert not differences(planted, aligned(planted), ("applications",))


@pytest.mark.parametrize(("layout", "blank"), [("spaced", 0.5), ("lines", 0.5), ("lines", 1.0), ("spaced", 1.0)])
def test_blanks_kept_as_empty_lines_are_never_wrong(layout: str, blank: float) -> None:
    for form_id in ALL_FORMS:
        for seed, profile in list(enumerate((*PROFILES, *PROFILES)))[:: 1 if layout == "spaced" and blank == 1 else 3]:
            planted = plant(form_id, layout, seed=seed, profile=profile, blank=blank)
            cells = aligned(planted)
            assert not wrong(planted, cells, ("disclosure", "applications"))
            assert right(planted, cells, ("disclosure", "applications")) > 0.95
            check_places(planted.text, cells)


REMEDIES = [
    "行政复议", "行政诉讼", "结果维持", "结果纠正", "其他结果", "尚未审结", "总计",
    "未经复议直接起诉", "复议后起诉", *["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"] * 2,
]  # fmt: skip


def remedies(cells: Sequence[str], end: str) -> tuple[str, list[Cell]]:
    """A text of the third table alone, and its cells."""
    text = end.join(["四、政府信息公开行政复议、行政诉讼情况", *REMEDIES, *cells, "五、存在的主要问题及改进情况", ""])
    result = align(text, ())
    assert result is not None
    return text, [c for c in result.cells if c.id.startswith("remedies.")]


def test_a_first_column_that_is_blank_in_every_line() -> None:
    """The first gap is 4 in both lines: it is a blank, not the usual gap."""
    lines = {
        "一、本年新收政府信息公开申请数量": ["", "10", "7", "6", "", "13", "36"],
        "二、上年结转政府信息公开申请数量": ["", "1", "", "", "", "", "1"],
    }
    items = ["自然人", "商业企业", "科研机构", *(x for label, row in lines.items() for x in (label, *row)), "附件", ""]
    result = align("\n\n".join(items), ())
    assert result is not None
    cells = [c for c in result.cells if c.id.startswith(("applications.received.", "applications.carried_in."))]
    truth = [x for row in lines.values() for x in row]
    given = [(c.id, c.value, x) for c, x in zip(cells, truth, strict=True) if c.value is not None]
    assert all(value == Decimal(x or 0) for _, value, x in given), given


def test_trailing_blanks_of_the_only_line() -> None:
    """Five values with blanks between and after: no other line tells the usual gap."""
    truth = ["1", "", "7", "", "8", "", "", "", "2", "2", "", "", "", "", ""]
    _, cells = remedies(truth, "\n\n")
    given = [(c.id, c.value, t) for c, t in zip(cells, truth, strict=True) if c.status in ("printed", "inferred")]
    assert all(value == Decimal(t or 0) for _, value, t in given), given


@pytest.mark.parametrize("layout", ["markdown", *((x) for x in ("lines", "bars", "html"))])
def test_few_values_in_remedies_are_not_blank(layout: str) -> None:
    for seed in range(12):
        planted = plant(FORMS[seed % 2], layout, seed=seed, profile="ordinary", blank=1.0)
        cells = aligned(planted)
        assert not wrong(planted, cells, ("remedies",))
        assert right(planted, cells) > 0.85


def test_two_values_in_remedies() -> None:
    """One case and its total: the arithmetic leaves several places, but the cells are not blank."""
    _, cells = remedies(["1", "1"], "\n")
    assert not any(c.status == "blank" for c in cells)
    _, cells = remedies(["1", *"000", "1", *"0000000000"], "\n")
    assert [c.value for c in cells] == [1, 0, 0, 0, 1, *[0] * 10]


def test_two_ways_to_trim_are_not_a_printed_value() -> None:
    """`行政许可 | (blank) | 5 | 7 | (padding)`: only the header's columns tell the padding from the blank."""
    lines = [
        "第二十条第(五)项\t\t\t\t", "信息内容\t上一年项目数量\t本年增/减\t处理决定数量\t",
        "行政许可\t\t5\t7\t", "其他对外管理服务事项\t\t1\t9\t",
    ]  # fmt: skip
    result = align("\n".join(lines), ())
    assert result is not None
    cells = {c.id.removeprefix("disclosure."): c for c in result.cells}
    assert cells["permits.items_last_year"].value is None
    assert cells["permits.decisions"].value in (None, Decimal(7))


# ---------------------------------------------------------------- blanks that the layout lost


@pytest.mark.parametrize("layout", ["lines, blanks dropped", "bars", "tabs shifted"])
@pytest.mark.parametrize("form_id", ALL_FORMS)
def test_dropped_blanks_give_no_wrong_value(form_id: str, layout: str) -> None:
    for seed, profile in enumerate(PROFILES if layout != "lines, blanks dropped" else PROFILES[2:3]):
        planted = plant(form_id, layout, seed=seed, profile=profile, blank=(0.5, 1.0)[seed % 2])
        cells = aligned(planted)
        assert not wrong(planted, cells, ("disclosure", "applications"))
        assert right(planted, cells, ("disclosure", "applications")) > 0.8
        check_places(planted.text, cells)


@pytest.mark.parametrize("form_id", FORMS)
def test_dropped_blanks_of_a_line_that_its_own_sum_decides(form_id: str) -> None:
    for seed, profile in enumerate(PROFILES[1:2]):
        planted = plant(form_id, "spaced, blanks dropped", seed=seed, profile=profile, blank=1.0)
        cells = aligned(planted)
        for lines in _placed(planted):
            _check_forced(_shared([lines], []), planted, cells)


def test_dropped_blanks_that_all_sums_decide_together() -> None:
    """What a plain propagation of the sums already proves must be given."""
    for seed in range(2):
        planted = plant("2021", "lines, blanks dropped", seed=seed, profile="quiet", blank=1.0)
        equations = [e for e in load_forms()["2021"].equations if e.check != "table.row_sum"]
        lines = [x for x in _placed(planted) if x[0][0].startswith("applications.")]
        _check_forced(_shared(lines, equations), planted, aligned(planted))


def test_dropped_blanks_in_a_table_of_zeros() -> None:
    """Zeros partly blank: whatever the places, every cell is zero."""
    planted = plant("2021", "lines, blanks dropped", profile="zeros", blank=0.5, seed=4)
    cells = aligned(planted)
    for cell_id, cell in cells.items():
        if cell_id.startswith("applications."):
            assert cell.status == "blank" or cell.value == 0


Domains = tuple[tuple[str, ...], list[tuple[int, ...]]]


def _placed(planted: Planted) -> list[Domains]:
    """For each line of applications with a value, its cells and all placements that its sum allows."""
    rows: dict[str, list[tuple[str, Expected]]] = {}
    for cell_id, expected in planted.truth.items():
        if cell_id.startswith("applications."):
            rows.setdefault(cell_id.rsplit(".", 1)[0], []).append((cell_id, expected))
    found = []
    for row in rows.values():
        shown = [int(e.value) for _, e in row if e.kind == "printed" and e.value is not None]
        ways = set()
        for places in combinations(range(len(row)), len(shown)):
            vector = [0] * len(row)
            for at, value in zip(places, shown, strict=True):
                vector[at] = value
            if sum(vector[:-1]) == vector[-1]:
                ways.add(tuple(vector))
        found.append((tuple(c for c, _ in row), sorted(ways)))
    return found


def _shared(lines: list[Domains], equations: Sequence[Equation]) -> dict[str, int]:
    """Values that the placements share after the sums have ruled out what no other line can meet."""
    domains = {cells: list(ways) for cells, ways in lines}
    changed = True
    while changed:
        changed = False
        possible = {c: {w[k] for w in ways} for cells, ways in domains.items() for k, c in enumerate(cells)}
        for equation in equations:
            signed = [(c, 1) for c in equation.total] + [(c, -1) for c in equation.parts]
            if all(c in possible for c, _ in signed):
                _support(signed, possible)
        for cells, ways in domains.items():
            kept = [w for w in ways if all(v in possible[c] for c, v in zip(cells, w, strict=True))]
            changed |= len(kept) < len(ways)
            domains[cells] = kept
    return {
        c: ways[0][k] for cells, ways in domains.items() for k, c in enumerate(cells) if len({w[k] for w in ways}) == 1
    }


def _support(signed: list[tuple[str, int]], possible: dict[str, set[int]]) -> None:
    """Keep the values of each cell with which the signed sum can be zero."""
    ahead = [{0}]
    for cell, sign in signed:
        ahead.append({s + sign * v for s in ahead[-1] for v in possible[cell]})
    behind = {0}
    for k in range(len(signed) - 1, -1, -1):
        cell, sign = signed[k]
        new = {s - sign * v for s in behind for v in possible[cell]}
        possible[cell] = {v for v in possible[cell] if any(s - sign * v in ahead[k] for s in behind)}
        behind = new


def _check_forced(forced: dict[str, int], planted: Planted, cells: dict[str, Cell]) -> None:
    for cell_id, value in forced.items():
        expected, cell = planted.truth[cell_id], cells[cell_id]
        assert value == (expected.value or 0), "the oracle itself"
        assert cell.value == value or (cell.status == "blank" and expected.kind == "dropped"), (cell, value)


# ---------------------------------------------------------------- errors, missing rows, repetitions


@pytest.mark.parametrize("layout", ["spaced", "bars", "tabs", "html", "lines, blanks dropped"])
def test_a_printed_value_stays_where_arithmetic_contradicts_it(layout: str) -> None:
    form = load_forms()["2021"]
    for k, cell_id in enumerate(form.cells[::41]):
        planted = plant("2021", layout, seed=k, errors={cell_id: Decimal(77)})
        cells = aligned(planted)
        assert not differences(planted, cells)
        assert (cells[cell_id].value, cells[cell_id].status) == (Decimal(77), "printed")


def test_an_error_among_dropped_blanks_misleads_nobody() -> None:
    """The total of a row is wrong, so no placement fits: nothing that is not there may be said."""
    for seed in (0, 3):
        errors = {"applications.granted.natural_person": Decimal(3), "applications.granted.total": Decimal(4)}
        errors |= {f"applications.granted.{c}": Decimal(0) for c in ("enterprise", "research", "nonprofit")}
        planted = plant("2021", "lines, blanks dropped", seed=seed, profile="quiet", blank=0.5, errors=errors)
        cells = aligned(planted)
        assert not wrong(planted, cells, ("disclosure", "applications"))
        assert right(planted, cells, ("disclosure", "applications")) > 0.7


def _rows(form: Form) -> list[str]:
    return list(dict.fromkeys(c.rsplit(".", 1)[0] for c in form.cells if not c.startswith("remedies.")))


@pytest.mark.parametrize("form_id", FORMS)
def test_a_missing_row_moves_nothing_else(form_id: str) -> None:
    layouts = ("spaced", "bars", "tabs", "markdown", "html")
    for k, row in enumerate(_rows(load_forms()[form_id])):
        planted = plant(form_id, layouts[k % 5], seed=k, profile="busy", skip=frozenset([row]))
        cells = aligned(planted)
        assert not differences(planted, cells)
        assert {c.status for i, c in cells.items() if i.startswith(f"{row}.")} == {"missing"}


@pytest.mark.parametrize(
    ("form_id", "table"),
    [
        ("2021", "disclosure"), ("2021", "applications"), ("2021", "remedies"),
        ("2019", "applications"), ("2019", "remedies"), ("2019", "disclosure"),
    ],
)  # fmt: skip
def test_a_missing_table(form_id: str, table: str) -> None:
    planted = plant(form_id, "lines", seed=1, profile="busy")
    bounds = [planted.text.index(t) for t in ("二、主动公开", "三、收到和", "四、政府信息公开", "五、存在的")]
    k = ("disclosure", "applications", "remedies").index(table)
    text = planted.text[: bounds[k]] + planted.text[bounds[k + 1] :]
    result = align(text, ())
    assert result is not None
    assert result.form == form_id
    for cell in result.cells:
        expected = planted.truth[cell.id]
        gone = cell.id.startswith(table)
        assert (cell.value, cell.status) == ((None, "missing") if gone else (expected.value, "printed"))
    check_places(text, {c.id: c for c in result.cells})


@pytest.mark.parametrize("layout", ["spaced", "lines", "bars", "markdown", "tabs", "tabs shifted", "html"])
@pytest.mark.parametrize("form_id", ALL_FORMS)
def test_a_repeated_header_changes_nothing(form_id: str, layout: str) -> None:
    planted = plant(form_id, layout, seed=2, header_again=True)
    assert not differences(planted, aligned(planted))


@pytest.mark.parametrize("layout", ["spaced", "lines", "bars", "markdown", "tabs", "html"])
@pytest.mark.parametrize("form_id", ALL_FORMS)
def test_tables_printed_twice(form_id: str, layout: str) -> None:
    planted = plant(form_id, layout, seed=2, twice=True)
    cells = aligned(planted)
    for cell_id, expected in planted.truth.items():
        cell = cells[cell_id]
        assert (cell.value, cell.status, cell.unit) == (expected.value, "printed", expected.unit)
    check_places(planted.text, cells)


def test_an_empty_form_after_the_tables() -> None:
    """The blank template stands below the filled form: the filled one counts."""
    filled = plant("2021", "lines", seed=2)
    empty = plant("2021", "lines, blanks dropped", profile="zeros", blank=1.0)
    result = align(filled.text + empty.text, ())
    assert result is not None
    assert not differences(filled, {c.id: c for c in result.cells})


def test_an_empty_form_before_the_tables() -> None:
    filled = plant("2021", "lines", seed=2)
    empty = plant("2021", "lines, blanks dropped", profile="zeros", blank=1.0)
    result = align(empty.text + filled.text, ())
    assert result is not None
    cells = {c.id: c for c in result.cells}
    assert all(cells[i].value == x.value for i, x in filled.truth.items())
    check_places(empty.text + filled.text, cells)
