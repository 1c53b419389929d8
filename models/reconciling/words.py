"""How numbers are written in messages."""

from __future__ import annotations

from decimal import Decimal


def number(value: Decimal | None) -> str:
    """Plain digits without an exponent or idle zeros; 空 for none."""
    if value is None:
        return "空"
    if value == value.to_integral_value():
        return str(int(value))
    return format(value.normalize(), "f")
