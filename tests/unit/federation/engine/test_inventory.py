"""The inventory as a value."""

from __future__ import annotations

from dataclasses import replace

from federation.engine.inventory import Entry, Inventory
from projects.kube.refs import ObjectRef


def ref(name: str, *, version: str = "v1") -> ObjectRef:
    return ObjectRef(group="apps", version=version, kind="Deployment", namespace="shop", name=name)


def inventory(*names: str) -> Inventory:
    return Inventory.of(Entry(ref=ref(name), uid="u", digest="d") for name in names)


def test_the_difference_is_what_is_not_wanted_any_more() -> None:
    found = inventory("one", "two").difference([ref("two"), ref("three")])

    assert [entry.ref.name for entry in found] == ["one"]


def test_another_version_of_the_same_object_is_the_same_object() -> None:
    assert inventory("one").difference([ref("one", version="v2")]) == ()


def test_merging_replaces_the_entry_of_the_same_object() -> None:
    newer = Entry(ref=ref("one", version="v2"), uid="u", digest="new")

    merged = inventory("one", "two").merge([newer])

    assert len(merged) == 2
    assert merged.get(ref("one")) == newer


def test_claiming_adds_unconfirmed_entries_and_leaves_the_known_alone() -> None:
    claimed = inventory("one").claim([ref("one"), ref("two")])

    known, new = claimed.get(ref("one")), claimed.get(ref("two"))
    assert known is not None
    assert known.confirmed
    assert new is not None
    assert not new.confirmed


def test_forgetting_an_object_that_is_not_in_it_changes_nothing() -> None:
    assert inventory("one").without([ref("two")]) == inventory("one")


def test_no_change_touches_the_inventory_it_was_made_from() -> None:
    first = inventory("one")

    first.merge([replace(next(iter(first)), digest="new")])
    first.claim([ref("two")])
    first.without([ref("one")])

    assert first == inventory("one")
