"""Which column each value of a line belongs to, decided by the form's arithmetic.

A line with a value or blank for every column needs no decision. A line with fewer has lost cells:
what was lost is taken to have been blank, and a blank to stand for zero, which is how agencies fill
the form. Then every order-preserving placement is tried against the line's own sum, and those that
remain against the sums over rows, all lines at once: first by propagation (a placement goes when no
choice of the other lines can close one of its sums), then by searching for a solution that holds it.
What is the same in every placement that remains is known; the rest is ambiguous. The search is
exhaustive within `MAX_NODES`; beyond it every placement that propagation left stays, which can only
say less, never something false.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from models.forms import Equation
from models.tables.tokens import LONE_BAR, Piece

MAX_PLACEMENTS = 7000
MAX_NODES = 2_000
MAX_SUMS = 5_000
"""Different sums of one equation beyond which it prunes nothing."""
Numbers = tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to place the pieces of a line: for each cell its piece, None where it was lost."""

    pieces: tuple[Piece | None, ...]

    @property
    def numbers(self) -> Numbers:
        """Values, with blank and lost as zero."""
        return tuple(Decimal(0) if p is None or p.value is None else p.value for p in self.pieces)


def trimmed(values: Sequence[Piece], width: int) -> list[tuple[int, int]]:
    """Ways (left, right) to drop surplus empty cells at the ends so that `width` pieces remain."""
    surplus = len(values) - width
    empty = [p.kind == "blank" and p.raw in ("", LONE_BAR) for p in values]
    return [
        (left, surplus - left)
        for left in range(surplus + 1)
        if all(empty[:left]) and all(empty[len(values) - surplus + left :])
    ]


def placements(values: Sequence[Piece], width: int) -> list[Placement]:
    """Order-preserving placements of the pieces in `width` cells; [] where there are too many."""
    n = len(values)
    if n == width:
        return [Placement(tuple(values))]
    found: dict[tuple[Decimal | None, ...], Placement] = {}
    for tried, chosen in enumerate(combinations(range(max(n, width)), min(n, width))):
        if tried >= MAX_PLACEMENTS:
            return []
        if n < width:
            cells: list[Piece | None] = [None] * width
            for piece, place in zip(values, chosen, strict=True):
                cells[place] = piece
        else:
            cells = [values[i] for i in chosen]
        key = tuple(None if p is None else p.value for p in cells)
        found.setdefault(key, Placement(tuple(cells)))
    return list(found.values())


def satisfying(options: Sequence[Placement], cells: Sequence[str], equations: Sequence[Equation]) -> list[Placement]:
    """The placements that satisfy the equations within the line; none where the line contradicts itself."""
    inner = [e for e in equations if set(e.total) | set(e.parts) <= set(cells)]
    return [o for o in options if all(_holds(e, dict(zip(cells, o.numbers, strict=True))) for e in inner)]


def _holds(equation: Equation, numbers: Mapping[str, Decimal]) -> bool:
    return sum(numbers[c] for c in equation.total) == sum(numbers[c] for c in equation.parts)


def solve(
    options: Mapping[int, Sequence[Placement]],
    cells: Mapping[int, Sequence[str]],
    fixed: Mapping[str, Decimal],
    equations: Sequence[Equation],
) -> dict[int, list[Placement]]:
    """Keep, for each open line, the placements that occur in a solution of all equations together.

    Args:
        options: placements of each open line.
        cells: cell ids of each open line.
        fixed: numbers of all other cells; equations over cells in neither are left out.
        equations: the form's equations.

    Returns:
        What remains; the options themselves where the equations have no common solution.
    """
    groups = {i: _by_numbers(o) for i, o in options.items()}
    owner = {c: (i, k) for i, ids in cells.items() for k, c in enumerate(ids)}
    system = [
        e
        for e in equations
        if all(c in fixed or c in owner for c in (*e.total, *e.parts)) and any(c in owner for c in (*e.total, *e.parts))
    ]
    domains = _propagate(groups, owner, fixed, system)
    if domains is None:
        return {i: list(o) for i, o in options.items()}
    search = _Search(domains, owner, fixed, system)
    kept: dict[int, list[Placement]] = {}
    for line, vectors in domains.items():
        supported = [v for v in vectors if search.possible(line, v)]
        if search.exhausted or not supported:
            return {i: [p for v in vs for p in groups[i][v]] for i, vs in domains.items()}
        kept[line] = [p for v in supported for p in groups[line][v]]
    return kept


def _propagate(
    groups: Mapping[int, Mapping[Numbers, list[Placement]]],
    owner: Mapping[str, tuple[int, int]],
    fixed: Mapping[str, Decimal],
    system: Sequence[Equation],
) -> dict[int, list[Numbers]] | None:
    """Drop what no choice of the other lines can complete, to a fixed point; None without a solution.

    An equation is a signed sum that must be zero. A line's numbers stay while the other lines can add
    what is left, each with any of its numbers: for one equation alone this is exact.
    """
    domains = {i: list(vectors) for i, vectors in groups.items()}
    changed = True
    while changed:
        changed = False
        for equation in system:
            terms = [(1, c) for c in equation.total] + [(-1, c) for c in equation.parts]
            constant = sum((sign * fixed[c] for sign, c in terms if c in fixed), Decimal(0))
            weights: dict[int, list[tuple[int, int]]] = {}
            for sign, cell in terms:
                if cell not in fixed:
                    line, place = owner[cell]
                    weights.setdefault(line, []).append((sign, place))
            adds = {i: [sum((s * v[p] for s, p in weights[i]), Decimal(0)) for v in domains[i]] for i in weights}
            for i, possible in _completable(constant, adds).items():
                left = [v for v, x in zip(domains[i], adds[i], strict=True) if x in possible]
                if not left:
                    return None
                changed = changed or len(left) < len(domains[i])
                domains[i] = left
    return domains


def _completable(constant: Decimal, adds: Mapping[int, Sequence[Decimal]]) -> dict[int, set[Decimal]]:
    """For each line what it can add so that the others can make the sum zero."""
    lines = list(adds)
    before = [{constant}]
    for i in lines:
        before.append({a + x for a in before[-1] for x in set(adds[i])})
    after = [{Decimal(0)}]
    for i in reversed(lines):
        after.append({a + x for a in after[-1] for x in set(adds[i])})
    if max(map(len, (*before, *after))) > MAX_SUMS:
        return {i: set(adds[i]) for i in lines}
    after.reverse()
    return {
        i: {x for x in set(adds[i]) if any(-(a + x) in after[k + 1] for a in before[k])} for k, i in enumerate(lines)
    }


def _by_numbers(options: Sequence[Placement]) -> dict[Numbers, list[Placement]]:
    groups: dict[Numbers, list[Placement]] = {}
    for option in options:
        groups.setdefault(option.numbers, []).append(option)
    return groups


class _Search:
    """Depth-first search over the lines; an equation is checked when its last line is set."""

    def __init__(
        self,
        groups: Mapping[int, Sequence[Numbers]],
        owner: Mapping[str, tuple[int, int]],
        fixed: Mapping[str, Decimal],
        system: Sequence[Equation],
    ) -> None:
        self.groups = groups
        self.owner = owner
        self.fixed = fixed
        self.system = system
        self.nodes = 0
        self.known: list[dict[int, Numbers]] = []

    @property
    def exhausted(self) -> bool:
        """Whether the bound on the search was reached, so that "impossible" means nothing."""
        return self.nodes > MAX_NODES

    def possible(self, line: int, numbers: Numbers) -> bool:
        """Whether some solution gives the line these numbers."""
        if any(solution.get(line) == numbers for solution in self.known):
            return True
        order = [line, *sorted((i for i in self.groups if i != line), key=lambda i: len(self.groups[i]))]
        solution = next(self._solutions(order, {line: numbers}, 1), None)
        if solution is not None:
            self.known.append(solution)
        return solution is not None

    def _solutions(self, order: list[int], chosen: dict[int, Numbers], depth: int) -> Iterator[dict[int, Numbers]]:
        self.nodes += 1
        if self.exhausted or not self._consistent(chosen):
            return
        if depth == len(order):
            yield dict(chosen)
            return
        for numbers in self.groups[order[depth]]:
            chosen[order[depth]] = numbers
            yield from self._solutions(order, chosen, depth + 1)
            del chosen[order[depth]]

    def _consistent(self, chosen: Mapping[int, Numbers]) -> bool:
        for equation in self.system:
            total, total_open = self._side(equation.total, chosen)
            parts, parts_open = self._side(equation.parts, chosen)
            if not total_open and not parts_open and total != parts:
                return False
            if (not total_open and parts > total) or (not parts_open and total > parts):
                return False
        return True

    def _side(self, cells: Sequence[str], chosen: Mapping[int, Numbers]) -> tuple[Decimal, bool]:
        """Sum of what is set, and whether something is not."""
        total = Decimal(0)
        still_open = False
        for cell in cells:
            if cell in self.fixed:
                total += self.fixed[cell]
            else:
                line, place = self.owner[cell]
                if line in chosen:
                    total += chosen[line][place]
                else:
                    still_open = True
        return total, still_open
