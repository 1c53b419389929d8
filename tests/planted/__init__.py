"""Planted truth: reports whose tables are printed in known layouts from known values.

`plant` draws values that satisfy a form's arithmetic and prints the three tables as crawlers leave
them. For every cell of the form it tells what a reader must find, and where; `judge` compares.
"""

from __future__ import annotations

from tests.planted.damage import DAMAGES, Damage
from tests.planted.judge import Expected, Judgement, Kind, judge, judge_all
from tests.planted.layouts import ONE_A_LINE, TEXT_LAYOUTS
from tests.planted.pages import HTML_LAYOUTS
from tests.planted.planting import DROPPING, LAYOUTS, SHOWING, Planted, plant
from tests.planted.prose import AFTER, BEFORE
from tests.planted.sheets import ORDERS, Order
from tests.planted.values import PROFILES, Profile, Style, numbers_of, parse, printed
from tests.planted.writing import Breaks

__all__ = [
    "AFTER",
    "BEFORE",
    "DAMAGES",
    "DROPPING",
    "HTML_LAYOUTS",
    "LAYOUTS",
    "ONE_A_LINE",
    "ORDERS",
    "PROFILES",
    "SHOWING",
    "TEXT_LAYOUTS",
    "Breaks",
    "Damage",
    "Expected",
    "Judgement",
    "Kind",
    "Order",
    "Planted",
    "Profile",
    "Style",
    "judge",
    "judge_all",
    "numbers_of",
    "parse",
    "plant",
    "printed",
]
