"""What one run did, counted and said."""

from __future__ import annotations

from federation.engine.changeset import Action, ChangeSet, ChangeSetEntry
from projects.kube.refs import ObjectRef

REF = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="one")


def of(*actions: Action) -> ChangeSet:
    return ChangeSet(entries=tuple(ChangeSetEntry(ref=REF, action=each) for each in actions))


def test_the_summary_counts_in_a_fixed_order_and_leaves_out_what_did_not_happen() -> None:
    changeset = of(Action.DELETED, Action.UNCHANGED, Action.CREATED, Action.UNCHANGED)

    assert changeset.summary == "1 created, 2 unchanged, 1 deleted"


def test_an_empty_change_set_says_so() -> None:
    assert of().summary == "nothing to do"
    assert not of().changed


def test_unchanged_and_skipped_objects_leave_the_cluster_as_it_was() -> None:
    assert not of(Action.UNCHANGED, Action.SKIPPED).changed
    assert of(Action.UNCHANGED, Action.CONFIGURED).changed


def test_an_action_that_did_not_happen_counts_zero() -> None:
    assert of(Action.CREATED).count(Action.DELETED) == 0
