"""Waiting for a commit to be on clusters, as the REST API tells it, saying what changes meanwhile.

In: a hub, sources, clusters and a commit. Out: nothing when it is there; DemoFailed with the last
words of every source otherwise. Whether it is truly there is not the hub's to judge: that is
scripts/demo/judging.py.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from scripts.demo import DemoFailed
from scripts.demo.telling import detail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.demo.hub import Hub

_EVERY_SECONDS = 0.5
_APPLIED = "Applied"


def wait(
    hub: Hub,
    *,
    project: str,
    sources: Sequence[str],
    clusters: Sequence[str],
    commit: str,
    seconds: float,
) -> None:
    """Wait until each source has brought the commit to each of the clusters.

    Raises: DemoFailed.
    """
    until = time.monotonic() + seconds
    told: dict[str, str] = {}
    while True:
        hub.check()
        states = {name: hub.get(f"projects/{project}/sources/{name}/status") for name in sources}
        said = {
            f"{name} on {row['cluster']}": words
            for name, state in states.items()
            for row in _rows(state)
            if (words := _said(row, commit))
        }
        for subject, words in said.items():
            if told.get(subject) != words:
                detail(f"{subject}: {words}")
        told |= said
        if all(_there(state, clusters, commit) for state in states.values()):
            return
        if time.monotonic() > until:
            why = "; ".join(f"{name}: {_why(state)}" for name, state in states.items())
            raise DemoFailed(f"commit {commit[:12]} not there within {seconds:.0f} s: {why}")
        time.sleep(_EVERY_SECONDS)


def _rows(state: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = state["clusters"]
    return rows


def _there(state: dict[str, Any], clusters: Sequence[str], commit: str) -> bool:
    return {row["cluster"] for row in _rows(state) if _has(row, commit)}.issuperset(clusters)


def _has(row: dict[str, Any], commit: str) -> bool:
    return bool(row["state"] == _APPLIED and row["revision"].endswith(f":{commit}"))


def _said(row: dict[str, Any], commit: str) -> str:
    """What is worth a line: that it is there, or that it failed."""
    if _has(row, commit):
        return f"{revision(row['revision'])}, {row['objects']} objects"
    return f"{row['reason']}: {row['message']}" if row["failures"] else ""


def _why(state: dict[str, Any]) -> str:
    where = ", ".join(
        f"{row['cluster']} {row['state']} {revision(row['revision'])}" for row in _rows(state)
    )
    return f"{state['reason']}: {state['message']} ({where or 'on no cluster yet'})"


def revision(name: str) -> str:
    """`main@sha1:<commit>` as people read it out to each other."""
    at, _, commit = name.rpartition(":")
    return f"{at.partition('@')[0]}@{commit[:12]}" if commit else "-"
