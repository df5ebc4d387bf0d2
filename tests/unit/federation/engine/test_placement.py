"""Where a source goes: KubeFed's truth table."""

from __future__ import annotations

from typing import Any

import pytest

from federation.engine.placement import Candidate, PlacementInvalid, matches, place

CLUSTERS = (
    Candidate(name="west", labels={"env": "prod", "zone": "w"}),
    Candidate(name="east", labels={"env": "prod"}),
    Candidate(name="test", labels={"env": "test"}),
)
EVERYWHERE: dict[str, Any] = {}
PROD = {"matchLabels": {"env": "prod"}}


@pytest.mark.parametrize(
    ("placement", "clusters"),
    [
        (None, ()),
        ({}, ()),
        ({"clusters": None, "clusterSelector": None}, ()),
        ({"clusters": []}, ()),
        ({"clusters": [], "clusterSelector": EVERYWHERE}, ()),
        ({"clusters": [{"name": "test"}], "clusterSelector": PROD}, ("test",)),
        ({"clusters": [{"name": "west"}, {"name": "east"}]}, ("east", "west")),
        ({"clusters": [{"name": "west"}, {"name": "west"}]}, ("west",)),
        ({"clusterSelector": EVERYWHERE}, ("east", "test", "west")),
        ({"clusters": None, "clusterSelector": EVERYWHERE}, ("east", "test", "west")),
        ({"clusterSelector": PROD}, ("east", "west")),
        ({"clusterSelector": {"matchLabels": {"env": "none"}}}, ()),
    ],
)
def test_the_truth_table_holds(placement: dict[str, Any] | None, clusters: tuple[str, ...]) -> None:
    found = place(placement=placement, clusters=CLUSTERS)

    assert found.clusters == clusters
    assert found.unknown == ()


def test_a_name_that_is_not_attached_is_left_out_and_told() -> None:
    placement = {"clusters": [{"name": "gone"}, {"name": "east"}]}

    found = place(placement=placement, clusters=CLUSTERS)

    assert found.clusters == ("east",)
    assert found.unknown == ("gone",)


@pytest.mark.parametrize(
    ("operator", "values", "clusters"),
    [
        ("In", ["w", "n"], ("west",)),
        ("NotIn", ["w"], ("east", "test")),
        ("Exists", [], ("west",)),
        ("DoesNotExist", [], ("east", "test")),
    ],
)
def test_expressions_choose_as_in_kubernetes(
    operator: str, values: list[str], clusters: tuple[str, ...]
) -> None:
    expression = {"key": "zone", "operator": operator, "values": values}

    found = place(
        placement={"clusterSelector": {"matchExpressions": [expression]}}, clusters=CLUSTERS
    )

    assert found.clusters == clusters


def test_labels_and_expressions_must_all_hold() -> None:
    selector = {**PROD, "matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}

    assert place(placement={"clusterSelector": selector}, clusters=CLUSTERS).clusters == ("east",)


@pytest.mark.parametrize(
    ("placement", "field"),
    [
        ({"clusters": {"name": "west"}}, "spec.placement.clusters is not a list"),
        ({"clusters": ["west"]}, r"clusters\[0\].name"),
        ({"clusters": [{"name": "west"}, {}]}, r"clusters\[1\].name"),
        ({"clusterSelector": "all"}, "clusterSelector is not an object"),
        ({"clusterSelector": {"matchLabels": ["a"]}}, "matchLabels"),
        ({"clusterSelector": {"matchExpressions": {}}}, "matchExpressions is not a list"),
        ({"clusterSelector": {"matchExpressions": ["x"]}}, r"matchExpressions\[0\]"),
        ({"clusterSelector": {"matchExpressions": [{"operator": "Exists"}]}}, "key"),
        ({"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "Gt"}]}}, "operator"),
        ({"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "values"),
    ],
)
def test_a_mistake_is_told_by_its_field_even_with_no_cluster_attached(
    placement: dict[str, Any], field: str
) -> None:
    with pytest.raises(PlacementInvalid, match=field):
        place(placement=placement, clusters=())


def test_existence_wants_no_values() -> None:
    expression = {"key": "zone", "operator": "Exists", "values": ["w"]}

    with pytest.raises(PlacementInvalid, match="wants none"):
        matches({"matchExpressions": [expression]}, {})
