"""What one run did to one cluster, object by object.

In: entries in the order they happened. Out: a ChangeSet with counts and a sentence. Objects that
failed are not in it: they are in the error of the run, with the file they came from. Words are
those of Flux's ssa/changeset.go.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef


class Action(StrEnum):
    """What became of one object."""

    CREATED = "Created"
    CONFIGURED = "Configured"
    UNCHANGED = "Unchanged"
    SKIPPED = "Skipped"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetEntry:
    """One object and what became of it; the message says why where that is not plain."""

    ref: ObjectRef
    action: Action
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """All that one run did."""

    entries: tuple[ChangeSetEntry, ...] = ()

    def count(self, action: Action) -> int:
        return self.counts[action]

    @property
    def counts(self) -> Counter[Action]:
        return Counter(entry.action for entry in self.entries)

    @property
    def changed(self) -> bool:
        """Tell whether the cluster is different from before."""
        quiet = (Action.UNCHANGED, Action.SKIPPED)
        return any(entry.action not in quiet for entry in self.entries)

    @property
    def summary(self) -> str:
        """Say it in one line: `2 created, 28 unchanged`."""
        counts = self.counts
        said = [f"{counts[action]} {action.lower()}" for action in Action if counts[action]]
        return ", ".join(said) or "nothing to do"
