"""Numerals, quantities and dates."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.narrative.dates import parse_date
from models.numerals import fold, parse_numeral
from models.schema.quantity import exact, printed_step, qualified


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("25", 25), ("1,113", 1113), ("１２", 12), ("1.42万", 14200), ("23.9847万", 239847), ("18万", 180000),
        ("3亿", 3 * 10**8), ("1亿2000万", 1.2 * 10**8), ("两", 2), ("十二", 12), ("二十", 20), ("一百零五", 105),
        ("三千二百", 3200), ("十万", 100000), ("二〇二〇", 2020), ("48.30", 48.3), ("5千", 5000), ("12 萬", 120000),
    ],
)  # fmt: skip
def test_numeral(text: str, value: float) -> None:
    assert parse_numeral(text) == Decimal(str(value))


@pytest.mark.parametrize("text", ["", "件", "1.2.3", "12件", "一步", "abc", "." * 50, "1" * 60])
def test_no_numeral(text: str) -> None:
    assert parse_numeral(text) is None


@given(st.integers(0, 10**12), st.booleans(), st.booleans())
def test_printed_integers_read_back(number: int, separators: bool, wide: bool) -> None:
    text = f"{number:,}" if separators else str(number)
    if wide:
        text = "".join(chr(ord(c) + 0xFEE0) for c in text)
    assert parse_numeral(text) == number


@given(st.text())
def test_fold_keeps_offsets_and_numeral_never_raises(text: str) -> None:
    assert len(fold(text)) == len(text)
    parse_numeral(text)


@pytest.mark.parametrize(
    ("value", "qualifier", "low", "high"),
    [
        ("300", "over", "300", "400"), ("12000", "about", "11500", "12500"), ("300", "under", "200", "300"),
        ("7", "exact", "7", "7"), ("4.2", "over", "4.2", "4.3"), ("5", "at_least", "5", "Infinity"),
        ("0", "exact", "0", "0"),
    ],
)  # fmt: skip
def test_qualified_interval(value: str, qualifier: str, low: str, high: str) -> None:
    quantity = qualified(Decimal(value), qualifier)  # type: ignore[arg-type]
    assert (quantity.low, quantity.high) == (Decimal(low), Decimal(high))


@given(st.decimals(0, 10**9, places=2), st.sampled_from(["exact", "about", "over", "under", "at_least"]))
def test_a_quantity_agrees_with_its_own_value(value: Decimal, qualifier: str) -> None:
    quantity = qualified(value, qualifier)  # type: ignore[arg-type]
    assert quantity.low <= quantity.value <= quantity.high
    assert quantity.agrees_with(exact(value))
    assert exact(value).agrees_with(quantity)


@pytest.mark.parametrize(
    ("text", "step"), [("22.2", "0.1"), ("1.42万", "100"), ("22979.87", "0.01"), ("12", "1"), ("12.50", "0.01")]
)
def test_step_of_the_last_printed_digit(text: str, step: str) -> None:
    assert printed_step(text) == Decimal(step)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2020年", "2020"), ("2020 年 1 月 1 日", "2020-01-01"), ("2021-01-14", "2021-01-14"), ("2021.3.5", "2021-03-05"),
        ("12月31日", "2019-12-31"), ("6月", "2019-06"), ("2020年12月", "2020-12"), ("202012月31日", "2020-12-31"),
        ("20201231日", "2020-12-31"), ("202011日", "2020-01-01"), ("2021210", "2021-02-10"), ("925日", "2019-09-25"),
        ("2020", "2020"), ("二〇二一年三月十二日", "2021-03-12"), ("2020年1231日", "2020-12-31"), ("2020年13月1日", None),
        ("2020年2月30日", None),
    ],
)  # fmt: skip
def test_dates_also_damaged(text: str, iso: str | None) -> None:
    assert parse_date(text, 2019) == iso


def test_a_date_without_year_needs_the_report_year() -> None:
    assert parse_date("4月25日", None) is None
