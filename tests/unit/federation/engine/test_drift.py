"""What counts as touched, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.engine import drift
from federation.engine.inventory import Entry
from projects.kube.refs import ObjectRef

REF = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="one")


def entry(
    manager: str = "slipway",
    *,
    operation: str = "Apply",
    subresource: str = "",
    time: str = "2026-11-23T12:00:00Z",
    fields: dict[str, Any] | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields or {"f:data": {"f:key": {}}},
    }
    return {**found, "subresource": subresource} if subresource else found


def live(*entries: dict[str, Any], uid: str = "uid", version: str = "7") -> dict[str, Any]:
    return {"metadata": {"uid": uid, "resourceVersion": version, "managedFields": list(entries)}}


UNTOUCHED = drift.fingerprint(live(entry()))


@pytest.mark.parametrize(
    "touched",
    [
        live(entry(), uid="another"),
        live(entry(fields={"f:data": {}})),
        live(entry(time="2026-11-23T12:00:01Z")),
        live(entry(), entry(operation="Update")),
        live(entry(), entry("kubectl-edit", operation="Update")),
        live(entry(), entry("kubectl")),
        live(entry(), entry("before-first-apply", operation="Update")),
        live(),
        {"metadata": {"uid": "uid"}},
    ],
)
def test_a_touched_object_has_another_fingerprint(touched: dict[str, Any]) -> None:
    assert drift.fingerprint(touched) != UNTOUCHED


@pytest.mark.parametrize(
    "same",
    [
        live(entry(), version="8"),
        live(entry(), entry("kube-controller-manager", operation="Update", subresource="status")),
        live(entry(), entry("kubectl-edit", operation="Update", subresource="status")),
        live(entry(), entry("autoscaler", operation="Update")),
    ],
)
def test_what_is_not_ours_leaves_the_fingerprint_alone(same: dict[str, Any]) -> None:
    assert drift.fingerprint(same) == UNTOUCHED


def test_the_order_of_entries_does_not_matter() -> None:
    one, two = entry(), entry("kubectl-edit", operation="Update")

    assert drift.fingerprint(live(one, two)) == drift.fingerprint(live(two, one))


def test_unmoved_means_the_recorded_uid_and_fingerprint() -> None:
    recorded = Entry(ref=REF, uid="uid", digest="d", fingerprint=UNTOUCHED)

    assert drift.unmoved(recorded, live(entry()))
    assert not drift.unmoved(recorded, live(entry(), uid="another"))
    assert not drift.unmoved(recorded, live(entry(fields={"f:data": {}})))


def test_there_is_nothing_to_take_back_from_controllers_and_subresources() -> None:
    entries = [
        entry(),
        entry("autoscaler", operation="Update"),
        entry("kubectl", operation="Update", subresource="scale"),
    ]

    assert drift.take_back(entries) is None
    assert drift.take_back([]) is None


def test_fields_of_kubectl_become_fields_of_our_apply() -> None:
    ours = entry(fields={"f:data": {".": {}, "f:key": {}}})
    theirs = entry(
        "kubectl-edit",
        operation="Update",
        fields={"f:data": {"f:added": {}}, "f:metadata": {"f:labels": {"f:team": {}}}},
    )
    status = entry("controller", operation="Update", subresource="status")

    taken = drift.take_back([theirs, ours, status])

    union = {
        "f:data": {".": {}, "f:key": {}, "f:added": {}},
        "f:metadata": {"f:labels": {"f:team": {}}},
    }
    assert taken == [{**ours, "fieldsV1": union}, status]


def test_on_an_object_we_never_applied_the_fields_become_a_new_apply_of_ours() -> None:
    theirs = entry("kubectl-create", operation="Update", fields={"f:data": {"f:key": {}}})

    taken = drift.take_back([theirs])

    assert taken == [{**theirs, "manager": "slipway", "operation": "Apply"}]


def test_an_update_under_our_name_is_taken_back_too() -> None:
    ours = entry(fields={"f:data": {"f:key": {}}})
    borrowed = entry(operation="Update", fields={"f:data": {"f:added": {}}})

    taken = drift.take_back([ours, borrowed])

    assert taken == [{**ours, "fieldsV1": {"f:data": {"f:key": {}, "f:added": {}}}}]


def test_taking_back_leaves_its_argument_alone() -> None:
    ours, theirs = entry(), entry("kubectl", fields={"f:data": {"f:added": {}}})
    entries = [ours, theirs]

    drift.take_back(entries)

    assert entries == [entry(), entry("kubectl", fields={"f:data": {"f:added": {}}})]


def test_giving_up_ownership_leaves_the_entries_of_others() -> None:
    other = entry("controller", operation="Update")

    assert drift.without_ours([entry(), other]) == [other]


def test_giving_up_the_only_entry_leaves_an_empty_one() -> None:
    assert drift.without_ours([entry()]) == [{}]


FIELDS = st.recursive(
    st.just({}),
    lambda below: st.dictionaries(st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', "."]), below),
    max_leaves=12,
)


def paths(fields: dict[str, Any], at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    here = {(*at, key) for key in fields}
    return here.union(*(paths(below, (*at, key)) for key, below in fields.items()))


@given(ours=FIELDS, theirs=FIELDS, others=FIELDS)
def test_the_new_entry_holds_exactly_the_fields_of_both(
    ours: dict[str, Any], theirs: dict[str, Any], others: dict[str, Any]
) -> None:
    taken = drift.take_back(
        [
            {**entry(), "fieldsV1": ours},
            {**entry("kubectl-edit"), "fieldsV1": theirs},
            {**entry("controller"), "fieldsV1": others},
        ]
    )

    assert taken is not None
    assert paths(taken[0]["fieldsV1"]) == paths(ours) | paths(theirs)
    assert paths(taken[1]["fieldsV1"]) == paths(others)
    assert drift.take_back(taken) is None
