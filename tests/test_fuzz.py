"""Broken inputs: a few hundred on every run, more with GOUJI_FUZZ=20000 or `python -m tests.fuzz`."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from tests import fuzz

INPUTS = int(os.environ.get("GOUJI_FUZZ", "400"))


@pytest.fixture(scope="module")
def outcomes() -> list[fuzz.Outcome]:
    return [fuzz.outcome(seed) for seed in range(INPUTS)]


def test_broken_reports_are_read_or_refused(outcomes: list[fuzz.Outcome]) -> None:
    assert not [o for o in outcomes if o.problem]
    assert {o.kind for o in outcomes} == {"aligned", "no table", "refused"}


def test_inputs_are_the_same_each_time_and_of_every_kind() -> None:
    cases = [fuzz.case(seed) for seed in range(60)]
    assert cases == [fuzz.case(seed) for seed in range(60)]
    assert {suffix for _, suffix in cases} == {".txt", ".html"}
    assert len({data for data, _ in cases}) == len(cases)


@pytest.mark.parametrize("mutation", fuzz.MUTATIONS)
def test_mutations_change_something(mutation: object) -> None:
    text = "规章\t0\t0\n行政许可 | 5 |\n<td>3</td></tr>\n" * 20
    assert callable(mutation)
    assert any(mutation(text, random.Random(seed)) != text for seed in range(20))
    assert isinstance(mutation("", random.Random(0)), str)


def test_what_is_no_form_is_a_problem() -> None:
    """The checks themselves can fail."""
    row = next(r for r in fuzz.rows() if r.name == "lines")
    planted = row.plant(0)
    aligned = fuzz.align(planted.text, ())
    assert aligned is not None
    assert not fuzz._incomplete(aligned, len(planted.text))
    assert "outside" in fuzz._incomplete(aligned, 10)
    fewer = replace(aligned, cells=aligned.cells[1:])
    assert "not the cells" in fuzz._incomplete(fewer, len(planted.text))
