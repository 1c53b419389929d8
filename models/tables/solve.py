"""All lines of a table at once: which placements of each line occur in a solution of the form's equations.

Every equation is a signed sum that must be zero, and every placement adds a fixed number to each
equation. Two steps, each exact for what it claims:

1. Propagation. For one equation alone, the sums that the other lines can make are enumerated, and a
   placement goes when none of them completes it. Repeated to a fixed point. It only ever removes what
   no solution holds.
2. Dynamic programming over the lines, one after the other. A state is the vector of partial sums of
   all equations, packed into one integer; states that no choice of the remaining lines can bring to
   zero are dropped by the sums of step 1. After the last line the zero vector is what is left, and
   walking back from it visits exactly the placements that occur in some solution, for every line. Two
   choices that lead to the same partial sums are interchangeable for all later lines, so nothing is
   lost by keeping a state once: the answer is that of trying all combinations.

Step 2 stops after `MAX_WORK` additions. Then a solver is asked which cells are the same in every solution
(`search.py`); where its effort ends too, what step 1 left stays, which can only say less, never something false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_

from models.forms import Equation
from models.tables.place import Numbers, Placement
from models.tables.search import same_everywhere

MAX_WORK = 100_000
"""Additions that the dynamic programme may take: some tenth of a second."""
MAX_SUMS = 2_000
"""Different partial sums of one equation beyond which it prunes no states."""
MAX_REACH = 2**20
"""Largest partial sum of an equation that propagation follows."""
Adds = dict[int, list[tuple[int, ...]]]
"""For each line and each of its numbers, what it adds to each equation."""


def solve(
    options: Mapping[int, Sequence[Placement]],
    cells: Mapping[int, Sequence[str]],
    fixed: Mapping[str, Decimal],
    equations: Sequence[Equation],
) -> dict[int, list[Placement]] | None:
    """Keep, for each open line, the placements that occur in a solution of all equations together.

    Args:
        options: placements of each open line.
        cells: cell ids of each open line.
        fixed: numbers of all other cells; equations over cells in neither are left out.
        equations: the form's equations.

    Returns:
        What remains; None where the equations have no common solution.
    """
    groups = {i: _by_numbers(o) for i, o in options.items()}
    system = _System.of(groups, cells, fixed, equations)
    kept = system.propagated()
    if kept is None:
        return None
    for component in system.components(kept):
        supported = system.supported(component, kept)
        if supported is None:
            supported = system.certain(component, kept, {i: list(groups[i]) for i in component})
        if supported == {}:
            return None
        kept |= supported
    return {i: [p for k in kept[i] for p in list(groups[i].values())[k]] for i in groups}


def _by_numbers(options: Sequence[Placement]) -> dict[Numbers, list[Placement]]:
    groups: dict[Numbers, list[Placement]] = {}
    for option in options:
        groups.setdefault(option.numbers, []).append(option)
    return groups


def impossible(
    options: Mapping[int, Sequence[Placement]],
    cells: Mapping[int, Sequence[str]],
    fixed: Mapping[str, Decimal],
    equations: Sequence[Equation],
) -> list[Equation]:
    """Equations that hold for no choice of placements, each taken alone; with unknown cells none is impossible."""
    groups = {i: _by_numbers(o) for i, o in options.items()}
    known = set(fixed) | {c for ids in cells.values() for c in ids}
    found = []
    for equation in equations:
        if known.issuperset(equation.cells):
            system = _System.of(groups, cells, fixed, [equation], closed=True)
            if system.propagated() is None:
                found.append(equation)
    return found


@dataclass(frozen=True)
class _System:
    """Equations as constants and, for each line, what each of its numbers adds; scaled to integers."""

    constants: list[int]
    adds: Adds

    @classmethod
    def of(
        cls,
        groups: Mapping[int, Mapping[Numbers, Sequence[Placement]]],
        cells: Mapping[int, Sequence[str]],
        fixed: Mapping[str, Decimal],
        equations: Sequence[Equation],
        *,
        closed: bool = False,
    ) -> _System:
        """Equations all of whose cells are known; with `closed` also those without an open cell."""
        owner = {c: (i, k) for i, ids in cells.items() for k, c in enumerate(ids)}
        chosen = [[*((1, c) for c in e.total), *((-1, c) for c in e.parts)] for e in equations]
        chosen = [
            terms
            for terms in chosen
            if all(c in fixed or c in owner for _, c in terms) and (closed or any(c in owner for _, c in terms))
        ]
        used = {fixed[c] for terms in chosen for _, c in terms if c in fixed}
        used |= {n for vectors in groups.values() for v in vectors for n in v}
        scale = 10 ** max((max(0, -int(n.as_tuple().exponent)) for n in used), default=0)
        constants = [sum(int(s * fixed[c] * scale) for s, c in terms if c in fixed) for terms in chosen]
        weights: dict[int, list[list[tuple[int, int]]]] = {i: [[] for _ in chosen] for i in groups}
        for e, terms in enumerate(chosen):
            for sign, cell in terms:
                if cell not in fixed:
                    line, place = owner[cell]
                    weights[line][e].append((sign, place))
        adds = {
            i: [tuple(sum(int(s * v[p] * scale) for s, p in of_e) for of_e in weights[i]) for v in vectors]
            for i, vectors in groups.items()
        }
        return cls(constants, adds)

    def propagated(self) -> dict[int, list[int]] | None:
        """Numbers of each line, by index, that each equation alone admits; None without a solution."""
        kept = {i: list(range(len(adds))) for i, adds in self.adds.items()}
        stale = set(range(len(self.constants)))
        while stale:
            e = min(stale)
            stale.discard(e)
            lines = {i: {self.adds[i][k][e] for k in ks} for i, ks in kept.items()}
            moving = {i: adds for i, adds in lines.items() if adds != {0}}
            possible = _completable(self.constants[e], moving)
            for i, allowed in possible.items():
                left = [k for k in kept[i] if self.adds[i][k][e] in allowed]
                if not left:
                    return None
                if len(left) < len(kept[i]):
                    kept[i] = left
                    stale.update(f for f in range(len(self.constants)) if any(a[f] for a in self.adds[i]))
            if not moving and self.constants[e]:
                return None
        return kept

    def components(self, kept: Mapping[int, Sequence[int]]) -> list[list[int]]:
        """Open lines in groups that share an equation, each in order of its largest number: big ones say most."""
        open_lines = [i for i, ks in kept.items() if len(ks) > 1]
        touches = {i: {e for k in kept[i] for e, x in enumerate(self.adds[i][k]) if x} for i in open_lines}
        groups: list[tuple[set[int], list[int]]] = []
        for i in open_lines:
            joined = [g for g in groups if g[0] & touches[i]]
            groups = [g for g in groups if not g[0] & touches[i]]
            groups.append((touches[i].union(*(g[0] for g in joined)), [i, *(j for g in joined for j in g[1])]))
        size = {i: max(abs(x) for k in kept[i] for x in self.adds[i][k]) for i in open_lines if self.constants}
        return [sorted(lines, key=lambda i: (-size[i], i)) for equations, lines in groups if equations]

    def supported(self, lines: Sequence[int], kept: Mapping[int, Sequence[int]]) -> dict[int, list[int]] | None:
        """Numbers of the lines that occur in a solution: {} if there is none, None if the work is too much."""
        touched = [{e for k in kept[i] for e, x in enumerate(self.adds[i][k]) if x} for i in lines]
        equations = sorted(set().union(*touched))
        start = [self.constants[e] + sum(self.adds[i][ks[0]][e] for i, ks in kept.items() if len(ks) == 1)
                 for e in equations]  # fmt: skip
        columns = [[{self.adds[i][k][e] for k in kept[i]} for i in lines] for e in equations]
        packing = _Packing([abs(s) + sum(max(map(abs, x)) for x in c) for s, c in zip(start, columns, strict=True)])
        rests = [_rests(column) for column in columns]
        vectors = [[packing.pack([self.adds[i][k][e] for e in equations]) for k in kept[i]] for i in lines]
        layers: list[set[int]] = [{packing.pack(start)}]
        work = 0
        for at, choices in enumerate(vectors):
            checks = [
                (packing.fields[n], rest[at + 1])
                for n, rest in enumerate(rests)
                if rest is not None and equations[n] in touched[at]
            ]
            work += len(layers[-1]) * len(set(choices))
            if work > MAX_WORK:
                return None
            layers.append(packing.passing({a + b for a in layers[-1] for b in set(choices)}, checks))
        return _walk_back(lines, kept, vectors, layers)

    def certain(
        self, lines: Sequence[int], kept: Mapping[int, Sequence[int]], numbers: Mapping[int, Sequence[Numbers]]
    ) -> dict[int, list[int]]:
        """Numbers of the lines that the cells which are the same in every solution leave; {} if there is none."""
        equations = sorted({e for i in lines for k in kept[i] for e, x in enumerate(self.adds[i][k]) if x})
        others = [self.adds[i][ks[0]] for i, ks in kept.items() if i not in lines]
        constants = [self.constants[e] + sum(added[e] for added in others) for e in equations]
        adds = {i: [[self.adds[i][k][e] for e in equations] for k in kept[i]] for i in lines}
        same = same_everywhere({i: [numbers[i][k] for k in kept[i]] for i in lines}, adds, constants)
        if same is None:
            return {}
        return {
            i: [k for k in kept[i] if all(numbers[i][k][at] == n for (j, at), n in same.items() if i == j)]
            for i in lines
        }


def _walk_back(
    lines: Sequence[int],
    kept: Mapping[int, Sequence[int]],
    vectors: Sequence[Sequence[int]],
    layers: Sequence[set[int]],
) -> dict[int, list[int]]:
    """From the sums that are all zero after the last line, what each line added on the way there."""
    good = layers[-1] & {0}
    found: dict[int, list[int]] = {}
    for at in range(len(lines) - 1, -1, -1):
        before = layers[at]
        ways = {v: {g - v for g in good} & before for v in set(vectors[at])}
        found[lines[at]] = [k for k, v in zip(kept[lines[at]], vectors[at], strict=True) if ways[v]]
        good = set().union(*ways.values())
    return found if good else {}


class _Packing:
    """Vectors of bounded integers as one integer, so that adding vectors is one addition."""

    def __init__(self, bounds: Sequence[int]) -> None:
        self.fields: list[tuple[int, int, int]] = []
        """Of each number, by how far it is shifted, its mask, and half its range."""
        at = 0
        for bound in bounds:
            bits = bound.bit_length() + 2
            self.fields.append((at, (1 << bits) - 1, 1 << (bits - 1)))
            at += bits
        self._bias = sum(half << shift for shift, _, half in self.fields)

    def pack(self, numbers: Sequence[int]) -> int:
        """The numbers, each in a field of its own."""
        return sum(n * (1 << shift) for n, (shift, _, _) in zip(numbers, self.fields, strict=True))

    def passing(self, packed: set[int], checks: Sequence[tuple[tuple[int, int, int], frozenset[int]]]) -> set[int]:
        """Those whose checked numbers are all among what the rest can bring to zero."""
        for (shift, mask, half), needed in checks:
            packed = {p for p in packed if ((p + self._bias >> shift) & mask) - half in needed}
        return packed


def _rests(lines: Sequence[set[int]]) -> list[frozenset[int]] | None:
    """For each line the partial sums of an equation that the lines from there on bring to zero; None if too many."""
    after = [frozenset({0})]
    for adds in reversed(lines):
        after.append(frozenset(a - x for a in after[-1] for x in adds) if adds != {0} else after[-1])
        if len(after[-1]) > MAX_SUMS:
            return None
    return after[::-1]


def _completable(constant: int, adds: Mapping[int, set[int]]) -> dict[int, set[int]]:
    """For each line what it can add so that the others can make the sum zero; everything if the numbers are large.

    Sets of partial sums are the bits of an integer, so that a line adds a number to all of them in one shift.
    """
    lines = sorted(adds, key=lambda i: -max(map(abs, adds[i])))
    reach = abs(constant) + sum(max(map(abs, adds[i])) for i in lines)
    if reach > MAX_REACH:
        return dict(adds)
    before = [1 << (constant + reach)]
    for i in lines:
        before.append(_any(_shifted(before[-1], x) for x in adds[i]))
    good = before[-1] & (1 << reach)
    found: dict[int, set[int]] = {}
    for at in range(len(lines) - 1, -1, -1):
        ways = {x: _shifted(good, -x) & before[at] for x in adds[lines[at]]}
        found[lines[at]] = {x for x, sums in ways.items() if sums}
        good = _any(ways.values())
    return found


def _shifted(bits: int, by: int) -> int:
    return bits << by if by >= 0 else bits >> -by


def _any(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
