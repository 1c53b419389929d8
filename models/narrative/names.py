"""What a figure counts, once the words around it have been asked what they say without doubt.

The tagger names a figure; rules that are surer than it is, measured on held-out families and on real pages, correct it.
"""

from __future__ import annotations

from models.narrative.channels import NAMED, channel_of
from models.narrative.powers import is_listed_power
from models.narrative.qualify import is_cumulative


def settled(statistic: str, text: str, start: int, end: int, unit: str | None) -> str:
    """The statistic of the figure text[start:end], or its bare kind, by the tagger's name for it and the words around.

    Args:
        statistic: the tagger's name.
        text: of the narrative, in simplified characters.
        start: of the numeral.
        end: of the numeral.
        unit: printed after it.
    """
    if statistic == "disclosure.cumulative" and not is_cumulative(text, start, end):
        statistic = "disclosure.total"
    if statistic in NAMED:
        return channel_of(text, start) or statistic
    if is_listed_power(statistic, unit, text, start):
        return "count"
    return statistic
