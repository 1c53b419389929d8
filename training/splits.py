"""Which passages train and which are held out: whole families, so whole agencies too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.model_selection import GroupShuffleSplit

from models.schema.errors import ConfigError
from models.schema.gold import AnnotatedPassage


@dataclass(frozen=True, slots=True)
class Split:
    """Passages by use; no family and no agency stands in two of them."""

    train: tuple[AnnotatedPassage, ...]
    development: tuple[AnnotatedPassage, ...]
    test: tuple[AnnotatedPassage, ...]


def split_by_family(passages: Sequence[AnnotatedPassage], *, held_out: float, seed: int) -> Split:
    """Keep about `held_out` of the groups for development and as many for testing.

    A group is a family with all families that share an agency with it.

    Raises:
        ConfigError: there are fewer than three groups.
    """
    groups = _groups(passages)
    if len(set(groups)) < 3:
        raise ConfigError("the corpus needs at least three families of passages to split")
    rest, test = _cut(list(range(len(passages))), groups, held_out, seed)
    train, development = _cut(rest, groups, held_out / (1 - held_out), seed)
    parts = (tuple(passages[i] for i in indices) for indices in (train, development, test))
    return Split(*parts)


def _cut(indices: list[int], groups: list[str], share: float, seed: int) -> tuple[list[int], list[int]]:
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)  # type: ignore[no-untyped-call]
    kept, cut = next(splitter.split(indices, groups=[groups[i] for i in indices]))
    return [indices[i] for i in kept], [indices[i] for i in cut]


def _groups(passages: Sequence[AnnotatedPassage]) -> list[str]:
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for passage in passages:
        a, b = find(f"family:{passage.family}"), find(f"agency:{passage.agency}")
        leader[max(a, b)] = min(a, b)
    return [find(f"family:{passage.family}") for passage in passages]
