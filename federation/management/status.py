"""How a source is, as a page of text or as JSON: its commit, its clusters, its conditions, its
newest events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation import queries
from federation.management import printing
from gitops import queries as gitops
from projects import queries as projects

if TYPE_CHECKING:
    from datetime import datetime

    from federation.queries import SourceStatus
    from gitops.models import Kustomization
    from gitops.queries import SuspensionView
    from projects.queries import EventView

_NEWEST_EVENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionView:
    """One condition of one of the two rows behind a source."""

    kind: str
    type: str
    status: str
    since: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Everything `source status` shows."""

    source: SourceStatus
    conditions: tuple[ConditionView, ...]
    events: tuple[EventView, ...]


CLUSTERS: printing.Columns = {
    "CLUSTER": lambda row: row.cluster,
    "STATE": lambda row: _state(row.state, suspended=row.suspended, owes=row.owes),
    "REVISION": lambda row: printing.revision(row.revision),
    "OBJECTS": lambda row: row.objects,
    "APPLIED": lambda row: row.applied_at,
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}
EVENTS: printing.Columns = {
    "LAST SEEN": lambda row: row.at,
    "TYPE": lambda row: row.type,
    "REASON": lambda row: row.reason,
    "CLUSTER": lambda row: row.cluster,
    "COUNT": lambda row: row.count,
    "MESSAGE": lambda row: row.message,
}
SOURCES: printing.Columns = {
    "NAME": lambda row: row.name,
    "READY": lambda row: row.ready,
    "SUSPENDED": lambda row: row.suspended or [each.cluster for each in row.suspensions] or False,
    "CLUSTERS": lambda row: (
        f"{sum(each.revision == row.revision != '' for each in row.clusters)}/{len(row.clusters)}"
    ),
    "REVISION": lambda row: printing.revision(row.revision),
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}
_CONDITIONS: printing.Columns = {
    "KIND": lambda row: row.kind,
    "CONDITION": lambda row: row.type,
    "STATUS": lambda row: row.status,
    "SINCE": lambda row: row.since,
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}


def detail(source: Kustomization) -> Detail:
    """Gather what is shown of a source."""
    repository = gitops.repository(source=source)
    rows: list[Any] = [source] if repository is None else [repository, source]
    conditions = tuple(
        ConditionView(
            kind=type(row).__name__,
            type=each["type"],
            status=each["status"],
            since=each.get("lastTransitionTime", ""),
            reason=each.get("reason", ""),
            message=each.get("message", ""),
        )
        for row in rows
        for each in row.conditions
    )
    events = projects.events(
        project=source.project, uids=[row.uid for row in rows], limit=_NEWEST_EVENTS
    )
    return Detail(source=queries.status(source=source), conditions=conditions, events=events)


def page(found: Detail) -> str:
    """Write it as text."""
    parts = [_head(found.source)]
    if found.source.clusters:
        parts.append(printing.table(found.source.clusters, CLUSTERS))
    if found.conditions:
        parts.append(printing.table(found.conditions, _CONDITIONS))
    if found.events:
        parts.append(printing.table(found.events, EVENTS))
    return "\n\n".join(parts)


def _head(source: SourceStatus) -> str:
    facts: list[tuple[str, object]] = [
        ("Source", f"{source.project}/{source.name}"),
        ("Repository", source.url),
        ("Ref", source.ref),
        ("Path", f"./{source.path}"),
        ("Fetched", source.revision),
        ("Rendered", source.attempted),
        ("Applied", source.applied),
        ("Ready", _ready(source)),
    ]
    if source.deleting:
        facts.append(("Deleting", True))
    facts += [("Suspended", _suspension(each)) for each in source.suspensions]
    if source.suspended and not source.suspensions:
        facts.append(("Suspended", "by its spec"))
    return "\n".join(f"{name + ':':<12}{printing.cell(value)}" for name, value in facts)


def _ready(source: SourceStatus) -> str:
    word = {None: "unknown", True: "yes", False: "no"}[source.ready]
    stalled = ", stalled" if source.stalled else ""
    why = f" ({source.reason}: {source.message})" if source.reason else ""
    return f"{word}{stalled}{why}"


def _suspension(view: SuspensionView) -> str:
    where = f"on {view.cluster}" if view.cluster else "everywhere"
    until = f" until {_time(view.until)}" if view.until else ""
    why = f": {view.reason}" if view.reason else ""
    return f"{where} by {view.by} since {_time(view.started_at)}{until}{why}"


def _time(at: datetime) -> str:
    return printing.cell(at)


def _state(state: str, *, suspended: bool, owes: bool) -> str:
    return state + (" (owes)" if owes else " (suspended)" if suspended else "")
