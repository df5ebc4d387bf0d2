"""Which of the attached clusters a source goes to.

In: spec.placement as written, and the names and labels of the project's clusters. Out: the chosen
names, sorted, and those that were named but are not attached. KubeFed's truth table, exactly
(pkg/controller/util/placement.go): no clusters and no selector is nowhere; a list of clusters,
even an empty one, wins over the selector; the empty selector is everywhere. A name that is not
attached does not fail the source; KubeFed drops it in silence, we say it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from projects.errors import Invalid
from projects.kube.conditions import Reason


class PlacementInvalid(Invalid):
    """spec.placement is not of the form KubeFed takes."""

    default_reason: ClassVar[str] = Reason.COMPUTE_PLACEMENT_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An attached cluster that could be chosen."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The clusters a source goes to; unknown are names that no attached cluster has."""

    clusters: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def place(*, placement: Mapping[str, Any] | None, clusters: Sequence[Candidate]) -> Placement:
    """Choose the clusters of a source.

    Raises: PlacementInvalid, naming the field.
    """
    placement = placement or {}
    # null is absent and [] is not, as for a nil and an empty slice in Go.
    listed = placement.get("clusters")
    if listed is not None:
        return _by_name(listed, clusters)
    selector = placement.get("clusterSelector")
    if selector is None:
        return Placement()
    matches(selector, {})  # a mistake in it is reported even when no cluster is attached
    chosen = (each.name for each in clusters if matches(selector, each.labels))
    return Placement(clusters=tuple(sorted(chosen)))


def _by_name(listed: object, clusters: Sequence[Candidate]) -> Placement:
    if not isinstance(listed, list):
        raise PlacementInvalid("spec.placement.clusters is not a list")
    named = set()
    for number, each in enumerate(listed):
        name = each.get("name") if isinstance(each, Mapping) else None
        if not isinstance(name, str) or not name:
            raise PlacementInvalid(f"spec.placement.clusters[{number}].name is missing")
        named.add(name)
    attached = {each.name for each in clusters}
    return Placement(
        clusters=tuple(sorted(named & attached)), unknown=tuple(sorted(named - attached))
    )


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Apply a metav1.LabelSelector; the empty one matches all.

    Raises: PlacementInvalid, naming the field.
    """
    if not isinstance(selector, Mapping):
        raise PlacementInvalid("spec.placement.clusterSelector is not an object")
    wanted, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    wanted = {} if wanted is None else wanted
    expressions = [] if expressions is None else expressions
    if not isinstance(wanted, Mapping):
        raise PlacementInvalid("spec.placement.clusterSelector.matchLabels is not an object")
    if not isinstance(expressions, list):
        raise PlacementInvalid("spec.placement.clusterSelector.matchExpressions is not a list")
    # Every expression is judged, so that a mistake is reported whatever the labels of a cluster.
    held = [_holds(number, each, labels) for number, each in enumerate(expressions)]
    return all(held) and all(labels.get(key) == value for key, value in wanted.items())


def _holds(number: int, expression: object, labels: Mapping[str, str]) -> bool:
    field_name = f"spec.placement.clusterSelector.matchExpressions[{number}]"
    if not isinstance(expression, Mapping):
        raise PlacementInvalid(f"{field_name} is not an object")
    key, operator = expression.get("key"), expression.get("operator")
    values = expression.get("values") or []
    if not isinstance(key, str) or not key:
        raise PlacementInvalid(f"{field_name}.key is missing")
    if not isinstance(values, list):
        raise PlacementInvalid(f"{field_name}.values is not a list")
    if operator in ("In", "NotIn") and not values:
        raise PlacementInvalid(f"{field_name}.values is empty; {operator} wants at least one")
    if operator in ("Exists", "DoesNotExist") and values:
        raise PlacementInvalid(f"{field_name}.values is not empty; {operator} wants none")
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise PlacementInvalid(
        f"{field_name}.operator is {operator!r}; want In, NotIn, Exists or DoesNotExist"
    )
