"""The nodes of a YAML document while it is built: open mappings and sequences, anchors, merges.

In: keys and values in document order, with their lines. Out: plain dicts and lists. NodeError
(with a line) says what a manifest may not hold: a key twice, or a merge that would replace a key
before it. Merge keys (`<<`) otherwise work as in sigs.k8s.io/yaml; for that one case kubectl and
kustomize give different answers, so there is no right one. Which events make which node is decided
in events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from projects.kube.masking import printable

# What a node weighs besides its text, so that many small ones cost as much as few long ones.
NODE_WEIGHT = 16
# Stands as the pending key while a merge is read; never a key of the result.
_MERGING = "<<"


class NodeError(ValueError):
    """Something that has no place in a manifest; line counts from 1."""

    def __init__(self, problem: str, *, line: int) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A finished node that aliases may name: what it weighs and how deep it goes."""

    value: Any
    weight: int
    height: int


class Sequence:
    """An open sequence; `lines` collects where its entries begin, when somebody asked."""

    __slots__ = ("anchor", "height", "line", "lines", "value", "weight")

    def __init__(self, anchor: str | None, line: int, *, lines: list[int] | None) -> None:
        self.value: list[Any] = []
        self.anchor = anchor
        self.line = line
        self.lines = lines
        self.weight = NODE_WEIGHT
        self.height = 1

    def add(self, value: Any, line: int) -> None:
        self.value.append(value)
        if self.lines is not None:
            self.lines.append(line)


class Mapping:
    """An open mapping; key is None while the next node is a key."""

    __slots__ = ("_merged", "_merging", "anchor", "height", "key", "line", "value", "weight")

    def __init__(self, anchor: str | None, line: int) -> None:
        self.value: dict[str, Any] = {}
        self.anchor = anchor
        self.line = line
        self.key: str | None = None
        self.weight = NODE_WEIGHT
        self.height = 1
        self._merging = False
        # The keys that came by a merge, which later keys may replace.
        self._merged: set[str] = set()

    def begin(self, key: str, line: int) -> None:
        """Take a key; the next node is its value."""
        if key in self.value and key not in self._merged:
            raise NodeError(f"duplicate key {_shown(key)}; write it once", line=line)
        self.key = key
        self.weight += len(key) + NODE_WEIGHT

    def begin_merge(self) -> None:
        self.key = _MERGING
        self._merging = True

    def add(self, value: Any, line: int) -> None:
        """Take the value of the pending key."""
        key, self.key = self.key or "", None
        if self._merging:
            self._merging = False
            self._merge(value, line)
        else:
            self.value[key] = value
            self._merged.discard(key)

    def _merge(self, value: Any, line: int) -> None:
        sources = value if isinstance(value, list) else [value]
        for source in reversed(sources):  # the first one wins
            if not isinstance(source, dict):
                raise NodeError("'<<' merges a mapping or a list of mappings only", line=line)
            for key, merged in source.items():
                if key in self.value and key not in self._merged:
                    problem = f"'<<' would replace the key {_shown(key)} before it; put '<<' first"
                    raise NodeError(problem, line=line)
                self.value[key] = merged
                self._merged.add(key)


def copy_of(value: Any) -> Any:
    """Copy what an alias names, so that no two places of a manifest share a value."""
    if isinstance(value, dict):
        return {key: copy_of(below) for key, below in value.items()}
    if isinstance(value, list):
        return [copy_of(below) for below in value]
    return value


def _shown(key: str) -> str:
    return repr(printable(key, 100))
