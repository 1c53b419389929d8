"""Items of a list of powers (权责清单): 行政许可24项 in one is no decision but a `count` (ruling 9)."""

from __future__ import annotations

import re

from models.narrative.text import statement_before

LIST = re.compile(r"权[责力](?:和责任)?清单|权责事项|权力事项|行政权力|行政职权|(?<![依按])(?<!法定)职权|事项清单")
DECIDED = re.compile(r"决定|作出|做出|办理|办结|结果|实施")
"""Words that make the figures after them decisions again."""
DECISIONS = ("permits.decisions", "penalties.decisions", "coercive_measures.decisions")


def is_listed_power(statistic: str, unit: str | None, text: str, start: int) -> bool:
    """Whether a figure that was named decisions counts items of a list of powers."""
    if statistic not in DECISIONS or unit != "项":
        return False
    before = statement_before(text, start)
    lists = list(LIST.finditer(before))
    return bool(lists) and not DECIDED.search(before, lists[-1].end())
