"""A figure with its stated precision: the interval that its wording allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Qualifier = Literal["exact", "about", "over", "under", "at_least"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` as printed; the true figure lies in [low, high].

    `low == high == value` for exact figures; `high` is infinite for "at least".
    """

    value: Decimal
    low: Decimal
    high: Decimal

    def agrees_with(self, other: Quantity) -> bool:
        """Whether both can be the same figure: their intervals overlap."""
        return self.low <= other.high and other.low <= self.high


def exact(value: Decimal | int) -> Quantity:
    """A quantity without any play."""
    number = Decimal(value)
    return Quantity(number, number, number)


def qualified(value: Decimal, qualifier: Qualifier) -> Quantity:
    """The interval that a qualifier allows, in steps of the last digit that is not zero.

    300余 lies in [300, 400], 约1.2万 in [11500, 12500], 近300 in [200, 300], 300以上 has no upper end.
    """
    step = last_step(value)
    match qualifier:
        case "exact":
            return exact(value)
        case "about":
            return Quantity(value, value - step / 2, value + step / 2)
        case "over":
            return Quantity(value, value, value + step)
        case "under":
            return Quantity(value, value - step, value)
        case "at_least":
            return Quantity(value, value, Decimal("Infinity"))


def last_step(value: Decimal) -> Decimal:
    """Place value of the last digit that is not zero: 100 for 300, 0.1 for 4.2, 1 for 0."""
    if value == 0:
        return Decimal(1)
    exponent = value.normalize().as_tuple().exponent
    return Decimal(1).scaleb(int(exponent))


def printed_step(text: str) -> Decimal:
    """Place value of the last printed digit: 0.01 for 12.50, 100 for 1.42万."""
    scale = Decimal(1)
    for sign, factor in (("万", 4), ("亿", 8)):
        if sign in text:
            scale = scale.scaleb(factor)
    decimals = text.replace("．", ".").rstrip("万亿余多").partition(".")[2]
    return scale.scaleb(-len(decimals.strip()))
