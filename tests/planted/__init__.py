"""Planted truth: reports whose tables are printed in known layouts from known values.

`plant` draws values that satisfy a form's arithmetic and prints the three tables as crawlers leave
them. For every cell of the form it tells what a reader must find, and where; `judge` compares.
"""

from __future__ import annotations

from tests.planted.damage import Damage
from tests.planted.judge import Expected, Judgement, Kind, judge
from tests.planted.layouts import DROPPING, HTML_LAYOUTS, LAYOUTS, ONE_A_LINE, SHOWING, TEXT_LAYOUTS
from tests.planted.planting import Planted, plant
from tests.planted.prose import AFTER, BEFORE
from tests.planted.values import PROFILES, Profile, Style, numbers_of, printed

__all__ = [
    "AFTER",
    "BEFORE",
    "DROPPING",
    "HTML_LAYOUTS",
    "LAYOUTS",
    "ONE_A_LINE",
    "PROFILES",
    "SHOWING",
    "TEXT_LAYOUTS",
    "Damage",
    "Expected",
    "Judgement",
    "Kind",
    "Planted",
    "Profile",
    "Style",
    "judge",
    "numbers_of",
    "plant",
    "printed",
]
