"""How a write of a GitRepository or Kustomization is put into the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops import manifests
from gitops.models import GitRepository, Kustomization
from projects import ledger
from projects.models import Change

if TYPE_CHECKING:
    from datetime import datetime

    from projects.access import Actor

Row = GitRepository | Kustomization


def manifest(row: Row) -> dict[str, Any]:
    if isinstance(row, GitRepository):
        return manifests.federated_git_repository(row)
    return manifests.federated_kustomization(row)


def written(
    row: Row, *, verb: str, actor: Actor, now: datetime, before: Any, **details: Any
) -> None:
    """Note a person's write: an audit entry and, if the object looks different, a change."""
    gone = verb == "delete"
    after = manifest(row)
    type_ = (
        Change.Type.DELETED
        if gone
        else Change.Type.ADDED
        if before is None
        else Change.Type.MODIFIED
    )
    if gone or after != before:
        _change(row, type_, after, now)
    ledger.acted(
        actor=actor,
        verb=verb,
        kind=type(row).__name__,
        name=row.name,
        uid=row.uid,
        project=row.project.name,
        now=now,
        details={"before": before, "after": None if gone else after, **details},
    )


def observed(row: Row, *, now: datetime, type: Change.Type = Change.Type.MODIFIED) -> None:
    """Note a reconciler's write: a change only."""
    _change(row, type, manifest(row), now)


def _change(row: Row, type_: Change.Type, after: dict[str, Any], now: datetime) -> None:
    ledger.changed(
        row,
        type=type_,
        kind=after["kind"],
        namespace=row.project.namespace,
        name=row.name,
        manifest=after,
        now=now,
    )
