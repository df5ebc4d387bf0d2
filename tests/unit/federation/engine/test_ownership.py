"""Whose an object is."""

from __future__ import annotations

from typing import Any

import pytest

from federation.engine import ownership
from federation.engine.ownership import Owner, Policy

OWNER = Owner(hub_id="hub", uid="owner", kind="Kustomization", namespace="shop", name="web")


def labelled(labels: dict[str, str] | None) -> dict[str, Any]:
    return {"metadata": {"labels": labels}}


def annotated(key: str, value: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {key: value}}}


def test_the_owner_is_read_back_from_the_labels_it_writes() -> None:
    assert ownership.owner_of(labelled(OWNER.labels)) == OWNER


@pytest.mark.parametrize(
    "labels", [None, {}, {"slipway.dev/hub": "hub"}, {"slipway.dev/owner": "owner"}]
)
def test_half_a_name_is_no_owner(labels: dict[str, str] | None) -> None:
    assert ownership.owner_of(labelled(labels)) is None


def test_a_renamed_owner_is_the_same_owner() -> None:
    assert Owner(hub_id="hub", uid="owner", name="new", namespace="other") == OWNER


def test_the_selector_names_both_hub_and_owner() -> None:
    assert OWNER.selector == "slipway.dev/hub=hub,slipway.dev/owner=owner"


@pytest.mark.parametrize("adopt", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_a_refusal_never_names_the_other_owner(adopt: bool, shared: bool) -> None:
    theirs = labelled({"slipway.dev/hub": "secret-hub", "slipway.dev/owner": "secret-owner"})

    verdict = ownership.judge(
        existing=theirs, owner=OWNER, adopt=adopt, recorded=False, shared=shared
    )

    assert verdict.granted is adopt
    assert "secret" not in verdict.message


@pytest.mark.parametrize("prefix", ["kustomize.toolkit.fluxcd.io/", "slipway.dev/"])
@pytest.mark.parametrize(
    ("value", "policy"),
    [
        ("Override", Policy.OVERRIDE),
        ("Merge", Policy.MERGE),
        ("merge", Policy.MERGE),
        ("IfNotPresent", Policy.IF_NOT_PRESENT),
        ("Ignore", Policy.IGNORE),
        ("nonsense", Policy.OVERRIDE),
    ],
)
def test_the_policy_is_read_in_both_spellings(prefix: str, value: str, policy: Policy) -> None:
    assert ownership.policy(annotated(f"{prefix}ssa", value)) is policy


def test_without_an_annotation_the_policy_is_override() -> None:
    assert ownership.policy({"metadata": {"annotations": None}}) is Policy.OVERRIDE


@pytest.mark.parametrize("value", ["disabled", "Disabled"])
def test_an_opt_out_counts_as_annotation_and_as_label(value: str) -> None:
    assert ownership.prune_disabled(annotated("slipway.dev/prune", value))
    assert ownership.prune_disabled(labelled({"kustomize.toolkit.fluxcd.io/prune": value}))


def test_disabled_reconciling_also_disables_pruning() -> None:
    manifest = annotated("kustomize.toolkit.fluxcd.io/reconcile", "disabled")

    assert ownership.reconcile_disabled(manifest)
    assert ownership.prune_disabled(manifest)


def test_disabled_pruning_does_not_disable_reconciling() -> None:
    assert not ownership.reconcile_disabled(annotated("slipway.dev/prune", "disabled"))


@pytest.mark.parametrize("value", ["enabled", "Enabled", "false", ""])
def test_any_other_value_is_no_opt_out(value: str) -> None:
    assert not ownership.prune_disabled(annotated("slipway.dev/prune", value))


def test_nothing_opts_out_of_nothing() -> None:
    assert not ownership.prune_disabled(None)
    assert not ownership.reconcile_disabled(None)
