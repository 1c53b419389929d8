"""How exactly a printed figure is known."""

from __future__ import annotations

from decimal import Decimal

from models.schema.figure import Figure
from models.schema.quantity import Quantity, printed_step

FINEST = Decimal("1e-12")
LARGEST = Decimal(10**6)
"""Percentages beyond are no shares."""
SURE = 0.9
"""A figure named with less contradicts nothing: of names of just this confidence one in ten is wrong."""
_FACTORS = (("百", 100), ("千", 1000), ("万", 10**4), ("亿", 10**8))


def unit_factor(unit: str | None) -> Decimal:
    """What one of the unit is in 元: 10000 for 万元; 1 where no unit is printed."""
    factor = Decimal(1)
    for sign, scale in _FACTORS:
        if sign in (unit or ""):
            factor *= scale
    return factor


def stated(figure: Figure, quantity: Quantity) -> Quantity:
    """What the figure says: counts as they are, amounts in 元 and known to half their last printed digit."""
    if figure.kind != "amount":
        return quantity
    factor = unit_factor(figure.unit)
    play = printed_step(figure.text) * factor / 2
    return Quantity(quantity.value * factor, quantity.low * factor - play, quantity.high * factor + play)


def is_share(share: Figure, part: Decimal, whole: Decimal) -> bool:
    """Whether part / whole is rounded, or cut, to the printed percentage.

    Steps are not followed below `FINEST`, where division itself rounds.
    """
    if not whole or share.quantity is None:
        return False
    computed = 100 * part / whole
    if computed > LARGEST:
        return False
    step = max(printed_step(share.text), FINEST)
    left = computed - share.quantity.value
    if share.qualifier == "exact":
        return -step / 2 <= left < step
    return abs(left) <= max(step, Decimal(1))
