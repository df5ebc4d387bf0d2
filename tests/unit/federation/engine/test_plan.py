"""What is decided for one cluster: golden cases, and the laws that hold for any input.

`UPDATE_GOLDEN=1 pytest` rewrites what is expected; the difference is reviewed like code.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from federation.engine import drift, order, plan
from federation.engine.inventory import Entry, Inventory
from federation.engine.ownership import Owner
from federation.engine.plan import Desired, Options, Plan, Step, Verb
from projects.kube.refs import GroupVersionKind, ObjectRef

CASES = Path(__file__).parents[3] / "golden" / "plan"
OWNER = Owner(hub_id="hub", uid="owner", namespace="shop", name="web")
LABELS = {
    "ours": OWNER.labels,
    "a sibling": {**OWNER.labels, "slipway.dev/owner": "sibling"},
    "another hub": {**OWNER.labels, "slipway.dev/hub": "another"},
    "nobody": {},
    "the project": {"slipway.dev/hub": "hub", "slipway.dev/project": "project"},
}
SETS = ("remove_protected_kinds", "cluster_kinds", "namespaces")


def read_ref(text: str) -> ObjectRef:
    """Read `apps/v1 Deployment shop/web`, or `v1 Namespace shop`."""
    api_version, kind, name = text.split()
    gvk = GroupVersionKind.parse(api_version, kind)
    namespace, _, name = name.rpartition("/")
    return ObjectRef(
        group=gvk.group, version=gvk.version, kind=kind, namespace=namespace, name=name
    )


def read_live(case: dict[str, Any]) -> dict[str, Any]:
    managers = case.get("managers", ["slipway"])
    fields = {"f:data": {"f:key": {}}}
    metadata = {
        "uid": case.get("uid", "uid-1"),
        "labels": LABELS[case.get("owner", "ours")],
        "annotations": case.get("annotations", {}),
        "managedFields": [
            {"manager": each, "operation": "Apply", "fieldsV1": fields} for each in managers
        ],
    }
    if case.get("deleting"):
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return {"metadata": metadata}


def read_entry(case: dict[str, Any]) -> Entry:
    """Read an inventory entry; what it last saw is an untouched object of ours."""
    ref, uid = read_ref(case["ref"]), case.get("uid", "uid-1")
    if not uid:
        return Entry(ref=ref)
    fingerprint = drift.fingerprint(read_live({"uid": uid}))
    return Entry(ref=ref, uid=uid, digest=case.get("digest", "a"), fingerprint=fingerprint)


def read_desired(case: dict[str, Any]) -> Desired:
    ref = read_ref(case["ref"])
    manifest = {"metadata": {"annotations": case.get("annotations", {})}}
    return Desired(ref=ref, manifest=manifest, digest=case.get("digest", "a"))


def decide(case: dict[str, Any]) -> Plan:
    options = case.get("options", {})
    sets = {key: frozenset(options[key]) for key in SETS if key in options}
    return plan.plan(
        desired=[read_desired(each) for each in case.get("desired", ())],
        inventory=Inventory.of(read_entry(each) for each in case.get("inventory", ())),
        live={read_ref(each["ref"]).key: read_live(each) for each in case.get("live", ())},
        owner=OWNER,
        options=Options(**{**options, **sets}),
    )


def show(step: Step) -> str:
    said = f"{step.verb} {step.ref}"
    if step.repeats:
        said += " (repeats)"
    if not step.overrides:
        said += " (merges)"
    if step.reason:
        said += f" [{step.reason}]"
    return f"{said}: {step.message}" if step.message else said


def described(found: Plan) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if found.applies:
        shown["applies"] = [show(step) for step in found.applies]
    if found.deletions:
        shown["deletions"] = [show(step) for step in found.deletions]
    if found.blocked:
        shown["blocked"] = found.blocked
    return shown


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_plan_is_as_written(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    case = yaml.safe_load(text)

    found = described(decide(case))

    if os.environ.get("UPDATE_GOLDEN"):
        given_part = text.partition("\nexpected:")[0].rstrip("\n")
        expected = yaml.safe_dump({"expected": found}, sort_keys=False, width=1000)
        path.write_text(f"{given_part}\n{expected}", encoding="utf-8")
    else:
        assert found == case["expected"]


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.yaml"))) > 20


REFS = st.builds(
    ObjectRef,
    group=st.sampled_from(["", "apps", "example.com", "apiextensions.k8s.io"]),
    version=st.just("v1"),
    kind=st.sampled_from(["ConfigMap", "Namespace", "Secret", "CustomResourceDefinition"]),
    namespace=st.sampled_from(["", "shop", "kube-system"]),
    name=st.sampled_from("abcdefghijklmnopqrstuvwxyz"),
)
ENTRIES = st.lists(REFS, max_size=40).map(
    lambda refs: Inventory.of(Entry(ref=ref, uid="u", digest="a", fingerprint="f") for ref in refs)
)
DESIRED = st.lists(REFS, max_size=20, unique_by=lambda ref: ref.key).map(
    lambda refs: [Desired(ref=ref, manifest={}, digest="a") for ref in refs]
)
OPTIONS = st.builds(
    Options,
    revision=st.just("main@sha1:1"),
    adopt=st.booleans(),
    prune=st.booleans(),
    removing=st.booleans(),
    orphan=st.booleans(),
    prune_confirmed=st.sampled_from(["", "main@sha1:1", "main@sha1:0"]),
    cluster_kinds=st.sampled_from([frozenset(), frozenset({"Namespace"})]),
)


def any_plan(desired: list[Desired], inventory: Inventory, options: Options) -> Plan:
    return plan.plan(desired=desired, inventory=inventory, live={}, owner=OWNER, options=options)


@given(desired=DESIRED, inventory=ENTRIES, options=OPTIONS)
def test_nothing_that_is_desired_is_ever_deleted(
    desired: list[Desired], inventory: Inventory, options: Options
) -> None:
    found = any_plan(desired, inventory, options)

    wanted = set() if options.removing else {each.ref.key for each in desired}
    assert not wanted & {step.ref.key for step in found.deletions}


@given(desired=DESIRED, inventory=ENTRIES, options=OPTIONS)
def test_a_prune_never_touches_protected_kinds_or_foreign_namespaces(
    desired: list[Desired], inventory: Inventory, options: Options
) -> None:
    found = any_plan(desired, inventory, options)

    for step in found.deletions:
        if step.verb is Verb.DELETE:
            assert (step.ref.group, step.ref.kind) not in plan.PROTECTED
            assert step.ref.namespace == "shop" or step.ref.kind in options.cluster_kinds


@given(desired=DESIRED, inventory=ENTRIES, options=OPTIONS)
def test_a_prune_without_confirmation_never_deletes_more_than_half_or_ten(
    desired: list[Desired], inventory: Inventory, options: Options
) -> None:
    found = any_plan(desired, inventory, options)

    deleted = sum(step.verb is Verb.DELETE for step in found.deletions)
    confirmed = options.prune_confirmed == options.revision
    if not options.removing:
        assert confirmed or deleted <= max(10, len(inventory) // 2)
        assert desired or not deleted


@given(desired=DESIRED, inventory=ENTRIES, options=OPTIONS)
def test_every_object_gets_one_step_in_the_order_of_its_half(
    desired: list[Desired], inventory: Inventory, options: Options
) -> None:
    found = any_plan(desired, inventory, options)

    keys = [step.ref.key for step in (*found.applies, *found.deletions)]
    wanted = set() if options.removing else {each.ref.key for each in desired}
    applies = [order.key(step.ref) for step in found.applies]
    deletions = [order.key(step.ref) for step in found.deletions]
    assert sorted(keys) == sorted(wanted | set(inventory.by_key))
    assert applies == sorted(applies)
    assert deletions == sorted(deletions, reverse=True)
