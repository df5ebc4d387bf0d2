"""What a real API server makes of our applies, and what we make of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from federation.member import errors
from federation.member.discovery import NoMatchForKind
from tests.contract.member_world import (
    client_of,
    config_map,
    deployment,
    named,
    ref_of,
    secret,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from federation.member.client import Client
    from tests.realcluster.cluster import RealCluster

pytestmark = pytest.mark.realcluster

# Characters that JSON and YAML read differently, and some that terminals obey.
AWKWARD = (
    "nel\x85 ls\u2028 ps\u2029 bom\ufeff del\x7f c1\x9f tab\t lf\n crlf\r\n esc\x1b "
    'emoji\U0001f600 "quoted" back\\slash /slash \ufffe\uffff # not: a comment - {or} [this]'
)


@pytest.fixture
def namespace(real_cluster: RealCluster) -> str:
    return real_cluster.namespace()


@pytest.fixture
def client(real_cluster: RealCluster) -> Iterator[Client]:
    with client_of(real_cluster) as connected:
        yield connected


def test_an_apply_answers_with_metadata_and_our_field_manager(
    client: Client, namespace: str
) -> None:
    found = client.apply(config_map(namespace, "a", k="v"), force=True)

    entry = found["metadata"]["managedFields"][0]
    assert found["kind"] == "PartialObjectMetadata"
    assert sorted(found) == ["apiVersion", "kind", "metadata"]
    assert (entry["manager"], entry["operation"]) == ("slipway", "Apply")
    assert entry["fieldsV1"] == {"f:data": {"f:k": {}}}


def test_an_apply_of_the_same_writes_nothing(client: Client, namespace: str) -> None:
    first = client.apply(config_map(namespace, "a", k="v"), force=True)
    second = client.apply(config_map(namespace, "a", k="v"), force=True)

    assert first == second


def test_a_dry_run_leaves_no_trace(client: Client, namespace: str) -> None:
    manifest = config_map(namespace, "a", k="v")

    answer = client.apply(manifest, force=True, dry_run=True)

    assert answer["metadata"]["name"] == "a"
    assert client.get(ref_of(manifest)) is None


def test_every_text_arrives_as_it_was_written(client: Client, namespace: str) -> None:
    data = {"awkward": AWKWARD, "x" * 250: "long key", "number": "0123", "yes": "no", "empty": ""}
    manifest = config_map(namespace, "a", **data)
    manifest["metadata"]["annotations"] = {"example.com/note": AWKWARD}

    client.apply(manifest, force=True)

    live = client.get(ref_of(manifest))
    assert live is not None
    assert live["data"] == data
    assert live["metadata"]["annotations"]["example.com/note"] == AWKWARD


def test_a_field_of_another_manager_is_a_conflict_that_names_both(
    client: Client, namespace: str
) -> None:
    client.apply(config_map(namespace, "a", k="theirs"), force=True, field_manager="kubectl-edit")
    ours = config_map(namespace, "a", k="ours")

    with pytest.raises(errors.ApplyConflict) as caught:
        client.apply(ours, force=False)

    assert [(one.manager, one.field) for one in caught.value.managed] == [
        ("kubectl-edit", ".data.k")
    ]
    live = client.get(ref_of(ours))
    assert live is not None
    assert live["data"] == {"k": "theirs"}


def test_force_takes_the_field(client: Client, namespace: str) -> None:
    client.apply(config_map(namespace, "a", k="theirs"), force=True, field_manager="kubectl-edit")
    ours = config_map(namespace, "a", k="ours")

    client.apply(ours, force=True)

    live = client.get(ref_of(ours))
    assert live is not None
    assert live["data"] == {"k": "ours"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"replicas": "three"}, ".spec.replicas"),
        ({"replcas": 3}, ".spec.replcas"),
        ({"progressDeadlineSeconds": 1.5}, ""),
        ({"paused": "yes"}, ".spec.paused"),
        ({"minReadySeconds": -1}, "spec.minReadySeconds"),
    ],
)
def test_a_manifest_that_does_not_fit_is_rejected_and_not_tried_again(
    client: Client, namespace: str, change: dict[str, Any], field: str
) -> None:
    manifest = deployment(namespace, "a")
    manifest["spec"] |= change

    with pytest.raises(errors.Rejected) as caught:
        client.apply(manifest, force=True)

    assert not caught.value.retryable
    assert field in "".join(cause.field for cause in caught.value.causes)


def test_a_quantity_that_is_none_is_rejected_and_not_tried_again(
    client: Client, namespace: str
) -> None:
    manifest = deployment(namespace, "a")
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"limits": {"cpu": "lots"}}

    with pytest.raises(errors.Rejected, match="quantities must match"):
        client.apply(manifest, force=True)


def test_an_immutable_field_is_recognised(client: Client, namespace: str) -> None:
    fixed = {**config_map(namespace, "a", k="1"), "immutable": True}
    service = named("v1", "Service", namespace, "s")
    service["spec"] = {"clusterIP": "10.0.0.77", "ports": [{"port": 80}]}
    changed = {**service, "spec": {**service["spec"], "clusterIP": "10.0.0.78"}}
    pairs = [
        (fixed, {**fixed, "data": {"k": "2"}}),
        (service, changed),
        (deployment(namespace, "d", app="a"), deployment(namespace, "d", app="b")),
    ]

    for before, after in pairs:
        client.apply(before, force=True)
        with pytest.raises(errors.ImmutableField) as caught:
            client.apply(after, force=True)
        assert caught.value.reason == "ImmutableField"


def test_a_namespace_that_is_not_there_or_going_is_not_ready(
    real_cluster: RealCluster, client: Client
) -> None:
    leaving = real_cluster.namespace()
    held = config_map(leaving, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    client.apply(held, force=True)
    client.delete(ref_of(named("v1", "Namespace", "", leaving)))

    for namespace in ("never-made", leaving):
        for write in (lambda m: client.apply(m, force=True), client.create):
            with pytest.raises(errors.NamespaceNotReady) as caught:
                write(config_map(namespace, "new"))
            assert caught.value.retryable
    client.patch_json(ref_of(held), [{"op": "remove", "path": "/metadata/finalizers"}])


def test_a_name_that_is_no_name_is_rejected(client: Client, namespace: str) -> None:
    with pytest.raises(errors.Rejected, match=r"metadata\.name") as caught:
        client.apply(config_map(namespace, "Not_A_Name"), force=True)

    assert caught.value.causes[0].field == "metadata.name"


def test_an_object_that_is_too_large_is_rejected(client: Client, namespace: str) -> None:
    for size in (1_100_000, 3_500_000):
        with pytest.raises(errors.Rejected):
            client.apply(config_map(namespace, "big", k="x" * size), force=True)


def test_a_kind_that_is_not_served_is_named_with_what_is(client: Client, namespace: str) -> None:
    with pytest.raises(NoMatchForKind) as old:
        client.apply(named("apps/v1beta1", "Deployment", namespace, "a"), force=True)
    with pytest.raises(NoMatchForKind) as unknown:
        client.apply(named("example.com/v1", "Nothing", namespace, "a"), force=True)

    assert old.value.served == ("apps/v1",)
    assert unknown.value.served == ()


def test_create_refuses_a_name_that_is_taken(client: Client, namespace: str) -> None:
    made = client.create(config_map(namespace, "a", k="v"))

    with pytest.raises(errors.ObjectExists):
        client.create(config_map(namespace, "a", k="w"))

    assert made["data"] == {"k": "v"}


def test_create_of_an_object_that_is_going_waits_its_turn(client: Client, namespace: str) -> None:
    held = config_map(namespace, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    client.apply(held, force=True)
    client.delete(ref_of(held))

    with pytest.raises(errors.Terminating):
        client.create(held)

    client.patch_json(ref_of(held), [{"op": "remove", "path": "/metadata/finalizers"}])


def test_a_json_patch_builds_on_what_it_tested(client: Client, namespace: str) -> None:
    manifest = config_map(namespace, "a", k="v")
    version = client.apply(manifest, force=True)["metadata"]["resourceVersion"]
    take = {"op": "replace", "path": "/data/k", "value": "w"}

    for moved_on in ("test", "replace"):
        stale = {"op": moved_on, "path": "/metadata/resourceVersion", "value": "1"}
        with pytest.raises(errors.WriteConflict):
            client.patch_json(ref_of(manifest), [stale, take])
    fresh = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    found = client.patch_json(ref_of(manifest), [fresh, take])

    assert sorted(found) == ["apiVersion", "kind", "metadata"]
    assert found["metadata"]["resourceVersion"] != version


@pytest.mark.parametrize(
    "fields",
    [
        {"stringData": {"p": 42424242}},
        {"data": {"p": "@@42424242@@"}},
        {"type": "kubernetes.io/tls", "stringData": {"p": "42424242"}},
        {"stringDtaa": {"p": "42424242"}},
    ],
)
def test_what_a_secret_held_is_never_in_its_rejection(
    client: Client, namespace: str, fields: dict[str, Any]
) -> None:
    manifest = secret(namespace, "s", **fields)

    for write in (lambda m: client.apply(m, force=True), client.create):
        with pytest.raises(errors.Rejected) as caught:
            write(manifest)
        told = repr((caught.value.message, caught.value.causes))
        assert caught.value.message.startswith(f"Secret {namespace}/s rejected: ")
        assert "42424242" not in told
        assert "NDI0MjQyNDI" not in told
