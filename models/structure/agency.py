"""When two names are of one agency: 区人民政府办公室 and 区政府办 are, 全市 and 市本级 are not."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from models.numerals import fold, simplified

SHORT = (
    ("人民政府", "政府"),
    ("办公室", "办"),
    ("办公厅", "办"),
    ("办事处", ""),
    ("管理委员会", "管委会"),
    ("委员会", "委"),
)
"""What an agency's name is shortened to, in order; 街道办事处 and 街道 are one."""
ALIAS = re.compile(r"\((?:以下简称|简称)[^()]*\)")


@lru_cache(maxsize=100_000)
def agency_key(name: str) -> str:
    """A name's form that is equal for the names of one agency."""
    key = ALIAS.sub("", re.sub(r"\s+", "", fold(simplified(name))))
    for long, short in SHORT:
        key = key.replace(long, short)
    return re.sub(r"街道办$", "街道", key)


def may_be_one_of(name: str, keys: Collection[str]) -> bool:
    """Whether a name could be that of an agency with one of these keys.

    It could be without its city's name (or with it), and one that is unknown (empty) could be any.
    """
    key = agency_key(name)
    return not key or any(key.endswith(other) or other.endswith(key) for other in keys)
