"""Checks of what people write into a source, with errors that name the field and what would be
accepted.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from gitops import tree
from gitops.git import refs, urls
from projects.errors import Invalid
from projects.operations import naming

SHORTEST_INTERVAL = 5
LONGEST_INTERVAL = 86_400
# As long as the column.
LONGEST_URL = 1000


def url_policy() -> urls.UrlPolicy:
    """What the operator lets repository URLs be."""
    return urls.UrlPolicy(
        allow_http=settings.SLIPWAY["ALLOW_HTTP"],
        allow_private=settings.SLIPWAY["ALLOW_PRIVATE_ADDRESSES"],
    )


def url(value: str) -> str:
    if len(value) > LONGEST_URL:
        raise naming.invalid("url", f"is longer than {LONGEST_URL} characters")
    with _field("url"):
        return str(urls.RepositoryUrl.parse(value, policy=url_policy()))


def ref(*, branch: str, tag: str, commit: str) -> None:
    with _field("ref"):
        refs.GitRef(branch=branch, tag=tag, commit=commit).check()


def path(value: str) -> str:
    with _field("path"):
        return tree.normalise(value)


def interval(value: int) -> int:
    if not SHORTEST_INTERVAL <= value <= LONGEST_INTERVAL:
        raise naming.invalid(
            "interval",
            f"{value} s; from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL} seconds are accepted",
        )
    return value


def placement(value: Any) -> dict[str, Any]:
    """Check KubeFed's placement by shape: clusters is a list of names, clusterSelector labels."""
    if not isinstance(value, dict):
        raise naming.invalid("placement", "is an object with clusters and clusterSelector")
    unknown = sorted(set(value) - {"clusters", "clusterSelector"})
    if unknown:
        raise naming.invalid(
            f"placement.{unknown[0]}", "is not known; clusters and clusterSelector are"
        )
    for index, cluster in enumerate(value.get("clusters") or []):
        if not isinstance(cluster, dict) or not isinstance(cluster.get("name"), str):
            raise naming.invalid(f"placement.clusters[{index}]", 'is an object {"name": ...}')
    selector = value.get("clusterSelector")
    if selector is not None and not isinstance(selector, dict):
        raise naming.invalid("placement.clusterSelector", "is an object; {} selects every cluster")
    return value


class _field:  # noqa: N801 - reads as a word at the call
    """Puts the field's name before the message of an Invalid raised inside."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Invalid) and not error.causes:
            raise naming.invalid(self.name, error.message, reason=error.reason) from error
