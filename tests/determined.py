"""What a table determines: an oracle that knows the planted truth and none of the reader's code.

A row of which pieces were dropped shows fewer pieces than it has cells. The oracle asks, with a solver
for integers (CP-SAT): among all ways to place the pieces of every row in their order, what is not
placed being zero, that satisfy the equations of the form, does a cell always hold the same number?
Cells that no equation mentions are determined only where their row is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from ortools.sat.python import cp_model

from models.forms import Equation, load_forms
from tests.planted import Expected, Planted

EFFORT = 20.0
"""For one solving, in the solver's own measure, which is the same on every machine; about seconds."""
CENTS = 100


class Undecided(Exception):  # noqa: N818 - nothing is wrong
    """The solver gave up."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as printed: its cells, and the numbers of its pieces in their order, blanks being zero."""

    cells: tuple[str, ...]
    pieces: tuple[Decimal, ...]

    @property
    def dropped(self) -> int:
        """How many cells have lost their piece."""
        return len(self.cells) - len(self.pieces)


def rows_of(planted: Planted) -> list[Row]:
    """The rows whose label is in the source; the cells that stand side by side are one row."""
    form = load_forms()[planted.form]
    across = {t.id for t in form.tables for b in t.blocks if b.layout == "across"}

    def line(cell: str) -> str:
        table = cell.split(".", 1)[0]
        return table if table in across else cell.rsplit(".", 1)[0]

    found = []
    for key, group in groupby(form.cells, line):
        cells = tuple(group)
        truth = [planted.truth[c] for c in cells]
        if key in planted.unlabelled or all(e.kind == "missing" for e in truth):
            continue
        found.append(Row(cells, tuple(_piece(e) for e in truth if _shown(e))))
    return found


def _shown(expected: Expected) -> bool:
    return expected.kind in ("printed", "blank", "emptied")


def _piece(expected: Expected) -> Decimal:
    return expected.value if expected.kind == "printed" and expected.value is not None else Decimal(0)


def determined(rows: Sequence[Row], equations: Sequence[Equation], effort: float = EFFORT) -> dict[str, Decimal]:
    """The cells that are determined, with their numbers; {} where nothing satisfies the equations.

    An equation over a cell whose row is not in the source says nothing.
    """
    known = {cell: row for row in rows for cell in row.cells}
    system = [e for e in equations if all(c in known for c in e.cells)]
    found = {c: v for row in rows if not row.dropped for c, v in zip(row.cells, row.pieces, strict=True)}
    spoken_of = {c for e in system for c in e.cells}
    asked = [c for row in rows if row.dropped for c in row.cells if c in spoken_of]
    return found | _Model(rows, system, effort).same_everywhere(asked)


def of(planted: Planted, effort: float = EFFORT) -> dict[str, Decimal]:
    """The cells that a planted report determines."""
    return determined(rows_of(planted), load_forms()[planted.form].equations, effort)


class _Model:
    """Placements as booleans; a cell is the piece that is placed in it, or zero."""

    def __init__(self, rows: Sequence[Row], equations: Sequence[Equation], effort: float) -> None:
        self.model = cp_model.CpModel()
        self.solver = cp_model.CpSolver()
        self.solver.parameters.num_workers = 1
        self.solver.parameters.max_deterministic_time = effort
        self.cells: dict[str, cp_model.LinearExprT] = {}
        self.domains: dict[str, list[int]] = {}
        for row in rows:
            self._row(row)
        for equation in equations:
            terms = [*(self.cells[c] for c in equation.total), *(-1 * self.cells[c] for c in equation.parts)]
            self.model.add(sum(terms) + self.model.new_constant(0) == 0)

    def _row(self, row: Row) -> None:
        """A piece that is zero needs no place of its own, only room between those beside it."""
        pieces = {i: int(value * CENTS) for i, value in enumerate(row.pieces) if value}
        at = {i: {k: self.model.new_bool_var("") for k in range(i, i + row.dropped + 1)} for i in pieces}
        for ways in at.values():
            self.model.add_exactly_one(ways.values())
        places = {i: sum(k * var for k, var in ways.items()) for i, ways in at.items()}
        for (i, earlier), (j, later) in pairwise(places.items()):
            self.model.add(later - earlier >= j - i)
        for k, cell in enumerate(row.cells):
            here = {i: ways[k] for i, ways in at.items() if k in ways}
            self.cells[cell] = sum(pieces[i] * var for i, var in here.items())
            self.domains[cell] = sorted({pieces[i] for i in here} | ({0} if row.dropped or not here else set()))

    def same_everywhere(self, asked: Sequence[str]) -> dict[str, Decimal]:
        """Of these cells those that are the same in every solution.

        Every further solution must differ from the first in a cell that never differed before, until
        there is none: what is left then never differs.

        Raises:
            Undecided: the effort was not enough.
        """
        if not asked or not self._solved():
            return {}
        first = {c: int(self.solver.value(self.cells[c])) for c in asked}
        differs = {c: var for c in asked for var in self._differs(c, first[c])}
        other = set[str]()
        while differs:
            self.model.add_bool_or(differs.values())
            if not self._solved():
                break
            other |= {c for c in differs if int(self.solver.value(self.cells[c])) != first[c]}
            differs = {c: var for c, var in differs.items() if c not in other}
        return {c: Decimal(first[c]) / CENTS for c in asked if c not in other}

    def _solved(self) -> bool:
        status = self.solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE):
            raise Undecided(self.solver.status_name(status))
        return status != cp_model.INFEASIBLE

    def _differs(self, cell: str, value: int) -> Iterator[cp_model.IntVar]:
        """A variable that is true only where the cell holds another of its numbers."""
        others = [v for v in self.domains[cell] if v != value]
        if others:
            var = self.model.new_bool_var("")
            domain = cp_model.Domain.from_values(others)
            self.model.add_linear_expression_in_domain(self.cells[cell], domain).only_enforce_if(var)
            yield var


def right_of(planted: Planted, given: Mapping[str, bool]) -> tuple[int, int]:
    """How many cells are determined though their row is not complete, and how many of these are right."""
    complete = {c for row in rows_of(planted) if not row.dropped for c in row.cells}
    cells = [c for c in of(planted) if c not in complete]
    return len(cells), sum(given[c] for c in cells)
