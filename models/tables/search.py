"""Cells that hold the same number in every solution, where trying all sums is too much work: a solver is asked.

CP-SAT decides whether one placement a line can be chosen so that all equations hold. Every further solution must
differ from the first in a cell that never differed before; when there is none, what is left never differs. One
worker and an effort counted in the solver's own measure make the answer the same on every machine; where the
effort ends before, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from models.tables.place import Numbers

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

EFFORT = 0.15
"""For one component of a table, in the solver's measure: about half a second."""
LARGEST = 2**50
"""Sums beyond this are no matter for the solver, which counts in 64 bits."""
Place = tuple[int, int]
"""A line and a place in it."""


def same_everywhere(
    numbers: Mapping[int, Sequence[Numbers]], adds: Mapping[int, Sequence[Sequence[int]]], constants: Sequence[int]
) -> dict[Place, Decimal] | None:
    """The numbers that are certain.

    Args:
        numbers: of each line, those of each of its placements.
        adds: of each line, what each of its placements adds to each equation.
        constants: of each equation, what all other lines add to it.

    Returns:
        The number of each cell in which the placements differ and the solutions do not, {} where the effort
        was not enough; None where there is no solution.
    """
    if sum(abs(n) for rows in adds.values() for row in rows for n in (*row, *constants)) > LARGEST:
        return {}
    model = _Model(adds, constants)
    first = model.solved()
    if first is None:
        return None if model.exhausted else {}
    held = {(i, at): n for i, k in first.items() for at, n in enumerate(numbers[i][k])}
    otherwise = {(i, at): [k for k, row in enumerate(numbers[i]) if row[at] != n] for (i, at), n in held.items()}
    same = {place for place, ways in otherwise.items() if ways}
    while same:
        model.demand([(place[0], k) for place in sorted(same) for k in otherwise[place]])
        other = model.solved()
        if other is None:
            break
        same = {(i, at) for i, at in same if numbers[i][other[i]][at] == held[i, at]}
    return {place: held[place] for place in same} if model.exhausted else {}


class _Model:
    """One choice a line; what the choices add to an equation is a number of its own, which the solver bounds."""

    def __init__(self, adds: Mapping[int, Sequence[Sequence[int]]], constants: Sequence[int]) -> None:
        from ortools.sat.python import cp_model

        self.exhausted = False
        self._model, self._solver, self._effort = cp_model.CpModel(), cp_model.CpSolver(), EFFORT
        self._solver.parameters.num_workers = 1
        self._solver.parameters.cp_model_presolve = False
        self._solver.parameters.linearization_level = 0
        self._chosen = {i: [self._model.new_bool_var("") for _ in rows] for i, rows in adds.items()}
        for ways in self._chosen.values():
            self._model.add_exactly_one(ways)
        for e, constant in enumerate(constants):
            moving = {i: [row[e] for row in rows] for i, rows in adds.items() if any(row[e] for row in rows)}
            added = [self._added(i, numbers) for i, numbers in moving.items()]
            self._model.add(cp_model.LinearExpr.sum(added) == -constant)

    def _added(self, line: int, numbers: Sequence[int]) -> cp_model.IntVar:
        from ortools.sat.python import cp_model

        var = self._model.new_int_var_from_domain(cp_model.Domain.from_values(sorted(set(numbers))), "")
        self._model.add(var == cp_model.LinearExpr.weighted_sum(self._chosen[line], numbers))
        return var

    def demand(self, choices: Sequence[Place]) -> None:
        """From now on one of these placements of these lines must be chosen."""
        self._model.add_bool_or([self._chosen[i][k] for i, k in choices])

    def solved(self) -> dict[int, int] | None:
        """The placement chosen in each line; None where there is no solution (`exhausted`) or the effort is."""
        from ortools.sat.python import cp_model

        self._solver.parameters.max_deterministic_time = self._effort
        status = self._solver.solve(self._model)
        self._effort = max(0.0, self._effort - self._solver.response_proto.deterministic_time)
        self.exhausted = status == cp_model.INFEASIBLE
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return {i: next(k for k, v in enumerate(ways) if self._solver.value(v)) for i, ways in self._chosen.items()}
