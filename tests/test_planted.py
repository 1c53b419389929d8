"""The generator of planted truth, its judge, the oracle, the baseline and the benchmark."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from itertools import combinations, pairwise, product
from pathlib import Path
from random import Random

import pytest

from models.forms import Equation, load_forms
from models.schema.table import Cell
from tests import bench, determined, positional
from tests.bench_rows import FORMS, GLUED, Row, rows
from tests.determined import Row as Printed
from tests.determined import rows_of
from tests.planted import DROPPING, LAYOUTS, Breaks, Damage, Expected, Planted, Style, judge, parse, plant

BENCH = rows()
ZERO = Decimal(0)

# ---------------------------------------------------------------- the generator


def check(planted: Planted) -> None:
    """The truth says what stands in the text, and nothing else."""
    form = load_forms()[planted.form]
    assert list(planted.truth) == list(form.cells)
    for e in form.equations:
        assert sum(planted.numbers[c] for c in e.total) == sum(planted.numbers[c] for c in e.parts)
    for cell, expected in planted.truth.items():
        if expected.kind == "printed":
            assert expected.span is not None
            assert parse(planted.text[expected.span.start : expected.span.end]) == expected.value
        elif expected.kind in ("blank", "dropped"):
            assert planted.numbers[cell] == 0
        elif expected.kind in ("lost", "emptied"):
            assert expected.value == planted.numbers[cell]
    spans = sorted(e.span for e in planted.truth.values() if e.span)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize("row", BENCH, ids=lambda row: row.name)
def test_truth_of_every_row_of_the_benchmark(row: Row) -> None:
    for seed in range(2):
        check(row.plant(seed))


def test_rows_have_names_of_their_own_and_cover_every_layout() -> None:
    assert max(Counter(row.name for row in BENCH).values()) == 1
    assert {row.layout for row in BENCH} == set(LAYOUTS)
    assert {row.layout for row in BENCH if row.dropping} == {*DROPPING, "bars"} - GLUED


def test_reports_are_the_same_each_time() -> None:
    for row in BENCH[::17]:
        assert row.plant(3) == row.plant(3)


def test_values_stand_in_the_order_of_the_form() -> None:
    for layout in LAYOUTS:
        spans = [e.span for e in plant("2019", layout, seed=1).truth.values()]
        assert (spans == sorted(spans)) == (layout != "columns first")  # type: ignore[type-var]


SEEN = {
    "glued": ["\n规章5417\n", "\n信息内容本年制发件数本年废止件数现行有效件数\n"],
    "headers interleaved": ["\n商 科 社 法 其\n业 研 会 律 他\n企 机 公 服\n业 构 益 务\n组 机\n织 构\n"],
    "headers two by two": ["\n商业 科研 社会 法律 其他\n企业 机构 公益 服务\n组织 机构\n"],
    "one line": [" 规章 5 41 7 行政规范性文件 "],
    "one line, glued": ["规章5417行政规范性文件"],
    "one line, tabs": ["\t规章\t5\t41\t7\t行政规范性文件\t"],
    "columns first": ["\n规章\n行政规范性文件\n本年制发件数\n5\n"],
}


@pytest.mark.parametrize("layout", SEEN)
def test_what_a_layout_looks_like(layout: str) -> None:
    cells = ("issued", "repealed", "in_force")
    errors = {f"disclosure.regulations.{c}": Decimal(n) for c, n in zip(cells, (5, 41, 7), strict=True)}
    planted = plant("2021", layout, errors=errors)
    for words in SEEN[layout]:
        assert words in planted.text


def test_pages_of_html() -> None:
    tables = {name: plant("2021", name, seed=2).page.count("<table") for name in LAYOUTS if name.startswith("html")}
    assert tables["html"] == 3
    assert tables["html merged tables"] == 2
    assert tables["html nested"] == 4
    assert tables["html split tables"] == tables["html split tables, header again"] == 5
    assert "span=" not in plant("2021", "html padded").page + plant("2021", "html short rows").page


def test_hidden_rows_are_in_the_page_and_not_in_the_text() -> None:
    hidden = [plant("2021", "html hidden rows", seed=seed) for seed in range(9)]
    for words in ("display:none", "DISPLAY: none", "<tr hidden>", "<template>", "<tbody style"):
        assert any(words in planted.page for planted in hidden)
    rows_ = [sum(planted.page.count(label) for planted in hidden) for label in ("行政处罚", "3.要求提供公开出版物")]
    assert all(n > len(hidden) for n in rows_)
    assert all(planted.text.count("3.要求提供公开出版物") == 1 for planted in hidden)


def test_pages_break_with_what_they_are_told_to_print() -> None:
    breaks = Breaks("第{n}页 共{m}页", "一个页眉", again=True, lines=(5, 5))
    text = plant("2021", "lines", breaks=breaks).text
    assert "\n第3页 共28页\n一个页眉\n" in text
    assert text.count("一个页眉") > 20
    assert text.count("法人或其他组织") > 20
    assert text.count("五、存在的主要问题") == 1


def test_rows_and_notes_of_others() -> None:
    planted = plant("2021", "lines", seed=1, extra_rows=True, notes=True)
    lines = planted.text.split("\n")
    assert lines.count("小计") == 3
    assert {"其他主动公开文件", "其中:行政审批", "(七)其他", "(八)总计"} <= set(lines)
    assert any("2023年办件量" in line or "示例:-8" in line or "2019年以前" in line for line in lines)
    assert planted.truth.keys() == planted.numbers.keys()


@pytest.mark.parametrize(
    ("damage", "kind", "most"),
    [("value lost", "lost", 3), ("value emptied", "emptied", 3), ("label lost", "lost", 45), ("digit lost", "printed", 200)],
)  # fmt: skip
def test_damage_is_done_as_often_as_asked(damage: Damage, kind: str, most: int) -> None:
    for seed in range(6):
        planted = plant("2021", "html", seed=seed, profile="busy", damage=damage, amount=3)
        touched = sum(e.kind == kind for e in planted.truth.values())
        assert 3 <= touched <= most
        assert len(planted.unlabelled) == (3 if damage == "label lost" else 0)
        differ = [c for c, e in planted.truth.items() if e.kind == "printed" and e.value != planted.numbers[c]]
        assert (1 <= len(differ) <= 3) == (damage == "digit lost")


def test_swapped_values_allow_both() -> None:
    found = 0
    for seed in range(30):
        planted = plant("2021", "lines", seed=seed, profile="busy", damage="cells swapped")
        also = {c: e for c, e in planted.truth.items() if e.also is not None}
        assert len(also) in (0, 2)
        if also:
            one, other = also.values()
            assert (one.value, one.also) == (other.also, other.value)
            assert other.span is not None
            assert one.span is not None
            assert other.span < one.span
            found += 1
    assert found > 5


def test_two_copies_with_damage_of_their_own() -> None:
    options = {"twice": True, "copies_differ": True, "damage": "value lost", "amount": 10, "profile": "busy"}
    planted = plant("2021", "lines", seed=1, **options)  # type: ignore[arg-type]
    one = plant("2021", "lines", seed=1, profile="busy", damage="value lost", amount=10)
    assert planted.text.count("规章\n") >= 2
    lost = {c for c, e in planted.truth.items() if e.kind == "lost"}
    assert lost < {c for c, e in one.truth.items() if e.kind == "lost"}
    check(planted)


def test_remedies_out_of_order() -> None:
    text = {
        o: plant("2021", "spaces", seed=4, order=o).text for o in ("form", "litigation swapped", "reconsideration last")
    }  # type: ignore[arg-type]
    assert "未经复议直接起诉 复议后起诉" in text["form"]
    assert "复议后起诉 未经复议直接起诉" in text["litigation swapped"]
    assert "行政诉讼 行政复议" in text["reconsideration last"]
    planted = plant("2021", "lines", seed=4, profile="busy", order="litigation swapped, headers in place")
    direct, after = (
        planted.truth[f"remedies.{r}.total"] for r in ("litigation_direct", "litigation_after_reconsideration")
    )
    assert (direct.value, direct.also) == (after.also, after.value)


@pytest.mark.parametrize(
    ("style", "value", "words"),
    [
        (Style(spaced=True), 1113, "1 113"), (Style(spaced=True), 20, "2 0"), (Style(decimals=True), 12, "12.0"),
        (Style(full_width=True, thousands=True), 1113, "１，１１３"),
    ],
)  # fmt: skip
def test_styles_print_and_parse(style: Style, value: int, words: str) -> None:
    cell = "applications.received.natural_person"
    planted = plant("2021", "lines", style=style, errors={cell: Decimal(value)})
    span = planted.truth[cell].span
    assert span is not None
    assert planted.text[span.start : span.end] == words
    assert parse(words) == value


# ---------------------------------------------------------------- the judge


def _cell(status: str, value: int | None = None) -> Cell:
    return Cell("c", None if value is None else Decimal(value), None, status, 0.9, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "right", "wrong"),
    [
        (Expected("printed", Decimal(5)), [_cell("printed", 5), _cell("inferred", 5)], [_cell("printed", 4), _cell("blank")]),
        (Expected("printed", ZERO), [_cell("printed", 0)], [_cell("blank"), _cell("inferred", 1)]),
        (Expected("printed", Decimal(5), also=ZERO), [_cell("printed", 5), _cell("printed", 0)], [_cell("printed", 4), _cell("blank")]),
        (Expected("dropped"), [_cell("blank"), _cell("inferred", 0)], [_cell("inferred", 3)]),
        (Expected("lost", Decimal(5)), [_cell("inferred", 5)], [_cell("inferred", 0), _cell("blank")]),
        (Expected("lost", ZERO), [_cell("inferred", 0), _cell("blank")], [_cell("printed", 2)]),
        (Expected("emptied", Decimal(5)), [_cell("inferred", 5), _cell("blank")], [_cell("inferred", 0), _cell("printed", 2)]),
        (Expected("blank"), [_cell("blank")], [_cell("printed", 2)]),
        (Expected("missing"), [_cell("missing")], [_cell("printed", 2), _cell("blank")]),
    ],
)  # fmt: skip
def test_judgement(expected: Expected, right: list[Cell], wrong: list[Cell]) -> None:
    assert {judge(expected, cell) for cell in right} == {"right"}
    assert {judge(expected, cell) for cell in wrong} == {"wrong"}
    assert judge(expected, _cell("ambiguous")) == "open"
    assert expected.kind == "missing" or judge(expected, _cell("missing")) == "open"


# ---------------------------------------------------------------- the oracle


def _everything(rows_: list[Printed], equations: list[Equation]) -> dict[str, Decimal]:
    """By trying all placements of all rows."""
    cells = [c for row in rows_ for c in row.cells]
    system = [e for e in equations if {*e.total, *e.parts} <= set(cells)]
    seen: dict[str, set[Decimal]] = {c: set() for c in cells}
    for chosen in product(*(combinations(range(len(row.cells)), len(row.pieces)) for row in rows_)):
        numbers = dict.fromkeys(cells, ZERO)
        for row, places in zip(rows_, chosen, strict=True):
            numbers |= {row.cells[k]: v for k, v in zip(places, row.pieces, strict=True)}
        if all(sum(numbers[c] for c in e.total) == sum(numbers[c] for c in e.parts) for e in system):
            for c, v in numbers.items():
                seen[c].add(v)
    spoken_of = {c for e in system for c in e.cells}
    complete = {c: v for row in rows_ if not row.dropped for c, v in zip(row.cells, row.pieces, strict=True)}
    return complete | {
        c: next(iter(v)) for c, v in seen.items() if len(v) == 1 and c in spoken_of and c not in complete
    }


def _small(rng: Random) -> tuple[list[Printed], list[Equation]]:
    """Rows a b c t with t their sum, columns summed in the last row; pieces dropped, some of them not zero."""
    n = rng.randint(2, 4)
    values = [[rng.choice([0, 0, 1, 2, -1]) for _ in range(3)] for _ in range(n - 1)]
    values.append([sum(column) for column in zip(*values, strict=True)])
    found = []
    for i, row in enumerate(values):
        if rng.random() < 0.1:
            continue
        shown = [v for v in [*row, sum(row)] if rng.random() < (0.97 if v else 0.4)]
        found.append(Printed(tuple(f"{i}{c}" for c in "abct"), tuple(map(Decimal, shown))))
    equations = [Equation("row", (f"{i}t",), tuple(f"{i}{c}" for c in "abc"), "") for i in range(n)]
    columns = rng.sample("abct", 3)
    equations += [Equation("column", (f"{n - 1}{c}",), tuple(f"{i}{c}" for i in range(n - 1)), "") for c in columns]
    return found, equations


def test_the_oracle_against_brute_force() -> None:
    rng = Random("oracle")
    sizes = Counter[bool]()
    for _ in range(300):
        rows_, equations = _small(rng)
        found = determined.determined(rows_, equations)
        assert found == _everything(rows_, equations), rows_
        sizes[len(found) == sum(len(row.cells) for row in rows_)] += 1
    assert min(sizes[True], sizes[False]) > 20


def test_the_oracle_knows_nothing_but_what_is_true() -> None:
    for seed in range(4):
        for share in (0.5, 1.0):
            planted = plant(FORMS[seed % 2], "spaces", seed=seed, profile="ordinary", blank=share)
            found = determined.of(planted)
            assert all(planted.numbers[c] == v for c, v in found.items())
            assert {c for row in rows_of(planted) if not row.dropped for c in row.cells} <= found.keys()


def test_the_oracle_reads_rows_from_the_truth() -> None:
    planted = plant("2021", "spaces", blank=1.0, skip=frozenset(["disclosure.permits"]), damage="label lost", seed=2)
    keys = {row.cells[0].rsplit(".", 1)[0] for row in rows_of(planted)}
    assert "disclosure.permits" not in keys
    assert not planted.unlabelled & keys
    (remedies,) = (row for row in rows_of(planted) if row.cells[0].startswith("remedies."))
    assert len(remedies.cells) == 15
    assert remedies.dropped == sum(planted.truth[c].kind == "dropped" for c in remedies.cells)


def test_a_solver_that_gives_up_says_so() -> None:
    planted = plant("2021", "spaces", seed=2, profile="busy", blank=1.0)
    with pytest.raises(determined.Undecided):
        determined.of(planted, effort=1e-9)


# ---------------------------------------------------------------- the baseline


OUT_OF_ORDER = {"columns first", "glued", "one line, glued", "headers stacked", "headers interleaved"}
NUMBERS_INSIDE = {"lines, labels joined", "tabs, labels joined"}
"""List numbers stand inside a cell there, which the baseline takes for values."""
IN_ORDER = [x for x in LAYOUTS if x not in OUT_OF_ORDER | NUMBERS_INSIDE]


@pytest.mark.parametrize("layout", IN_ORDER)
def test_filling_by_position_is_right_on_complete_forms(layout: str) -> None:
    for seed, form in enumerate(FORMS * 2):
        planted = plant(form, layout, seed=seed, profile="busy")
        cells = positional.fill(planted.text, load_forms()[planted.form])
        assert {c: cells[c].value for c in planted.truth} == planted.numbers


def test_filling_by_position_knows_marks_units_and_page_numbers() -> None:
    style = Style(thousands=True, units=True, money="万元", none="/", full_width=True)
    planted = plant("2019", "lines", profile="busy", style=style, notes=True, breaks=Breaks("第{n}页 共{m}页"))
    cells = positional.fill(planted.text, load_forms()[planted.form])
    assert {judge(e, cells[c]) for c, e in planted.truth.items()} == {"right"}


def test_filling_by_position_is_misled_by_what_is_dropped() -> None:
    planted = plant("2021", "lines, blanks dropped", profile="busy", blank=0.5)
    cells = positional.fill(planted.text, load_forms()[planted.form])
    assert sum(judge(e, cells[c]) == "wrong" for c, e in planted.truth.items()) > 50


# ---------------------------------------------------------------- the benchmark


def test_benchmark_counts_every_cell() -> None:
    (row,) = rows("^spaces, 50% of the zeros dropped$")
    score = bench.score(row, 3, 3)
    cells = sum(len(load_forms()[row.plant(seed).form].cells) for seed in range(3))
    assert score.cells.total() == score.position.total() == cells
    assert score.determined["asked"] >= score.determined["right"] > 0
    numbers = score.numbers()
    assert numbers["right %"] + numbers["open %"] + numbers["wrong %"] == pytest.approx(100, abs=0.02)


def test_benchmark_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.csv", "b.json"):
        bench.main(["3", "--rows", "^(lines|html)$", "--out", str(tmp_path / name), "--processes", "1"])
    printed = capsys.readouterr().out
    assert "\n| lines | 3 | 200 | 100.0 |" in printed
    assert "\n| printed | 0.99 |" in printed
    with (tmp_path / "b.csv").open(encoding="utf-8") as file:
        assert [line["row"] for line in csv.DictReader(file)] == ["lines", "html"]
    written = json.loads((tmp_path / "b.json").read_text("utf-8"))
    assert [line["tables"] for line in written["rows"]] == [3, 3]
    assert written["calibration"][0][0] == "printed"
