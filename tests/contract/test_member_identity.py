"""Who we are at a real cluster, who refuses us there, and how that is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from federation.member import errors
from federation.member.client import Impersonation
from projects.kube.refs import GroupVersionKind
from tests.contract.member_world import client_of, config_map, named, ref_of
from tests.fakes import kubeconfigs, tls_server
from tests.fakes.tls_server import Exchange, TlsServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from federation.member.client import Client
    from tests.realcluster.cluster import RealCluster

pytestmark = pytest.mark.realcluster


@pytest.fixture
def namespace(real_cluster: RealCluster) -> str:
    return real_cluster.namespace()


@pytest.fixture
def client(real_cluster: RealCluster) -> Iterator[Client]:
    with client_of(real_cluster) as connected:
        yield connected


def who(client: Client) -> dict[str, Any]:
    review = named("authentication.k8s.io/v1", "SelfSubjectReview", "", "me")
    answer: dict[str, Any] = client.create(review)["status"]["userInfo"]
    return answer


def test_a_client_certificate_says_who_we_are(real_cluster: RealCluster) -> None:
    pair = real_cluster.client_certificate(user="deployer", groups=("team-a",))
    text = kubeconfigs.with_certificate(
        pair, server=real_cluster.server, ca_pem=real_cluster.ca_pem
    )

    with client_of(real_cluster, kubeconfig=text) as client:
        found = who(client)

    assert found["username"] == "deployer"
    assert "team-a" in found["groups"]


def test_a_wrong_token_is_unauthorized_and_tried_again_slowly(real_cluster: RealCluster) -> None:
    text = real_cluster.kubeconfig.replace(real_cluster.token, "some-other-token")

    with client_of(real_cluster, kubeconfig=text) as client:
        for call in (client.version, client.discovery, client.refresh_discovery):
            with pytest.raises(errors.Unauthorized) as caught:
                call()
            assert caught.value.retry_after == errors.SLOW_RETRY


def test_another_clusters_authority_is_not_believed(
    two_clusters: tuple[RealCluster, RealCluster],
) -> None:
    first, second = two_clusters
    text = kubeconfigs.text(server=first.server, ca_pem=second.ca_pem, token=first.token)

    with client_of(first, kubeconfig=text) as client, pytest.raises(errors.TLSVerifyFailed):
        client.version()


def test_a_tls_server_name_makes_another_address_good(real_cluster: RealCluster) -> None:
    document = json.loads(real_cluster.kubeconfig)
    cluster = document["clusters"][0]["cluster"]

    for name, good in (("kubernetes.default.svc", True), ("elsewhere.example", False)):
        cluster["tls-server-name"] = name
        with client_of(real_cluster, kubeconfig=json.dumps(document)) as client:
            if good:
                assert client.version()
                continue
            with pytest.raises(errors.TLSVerifyFailed):
                client.version()


def test_impersonation_is_who_the_cluster_sees(client: Client) -> None:
    user = Impersonation(user="system:serviceaccount:shop:slipway", groups=("one", "two"))

    found = who(client.impersonating(user))

    assert found["username"] == "system:serviceaccount:shop:slipway"
    assert {"one", "two"} <= set(found["groups"])
    assert "system:masters" not in found["groups"]
    assert who(client)["username"] == "admin"


def test_a_right_that_lacks_is_told_with_verb_and_kind(client: Client, namespace: str) -> None:
    nobody = client.impersonating(Impersonation(user="nobody"))
    manifest = config_map(namespace, "a")

    with pytest.raises(errors.Forbidden, match=r"apply forbidden: .*cannot patch.*configmaps"):
        nobody.apply(manifest, force=True)
    with pytest.raises(errors.Forbidden, match=r"list of ConfigMap forbidden"):
        nobody.list_metadata(GroupVersionKind.parse("v1", "ConfigMap"), namespace=namespace)
    with pytest.raises(errors.Forbidden, match=r"delete forbidden"):
        nobody.delete(ref_of(manifest))


def test_a_policy_of_the_cluster_denies_by_its_name(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    operations = {"operations": ["CREATE", "UPDATE"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    match = {"resourceRules": [{**rule, **operations}], "namespaceSelector": here}
    api = "admissionregistration.k8s.io/v1"
    validations = [{"expression": "'owner' in object.metadata.?labels.orValue({})"}]
    policy = named(api, "ValidatingAdmissionPolicy", "", f"owner-{namespace}")
    policy["spec"] = {"matchConstraints": match, "validations": validations}
    binding = named(api, "ValidatingAdmissionPolicyBinding", "", f"owner-{namespace}")
    binding["spec"] = {"policyName": f"owner-{namespace}", "validationActions": ["Deny"]}

    try:
        client.apply(policy, force=True)
        client.apply(binding, force=True)
        real_cluster.wait_for(
            "the policy holds", lambda: _denied(client, config_map(namespace, "a"))
        )
        with pytest.raises(errors.AdmissionDenied, match=f"denied by: owner-{namespace}: "):
            client.apply(config_map(namespace, "a"), force=True)
    finally:
        client.delete(ref_of(binding))
        client.delete(ref_of(policy))


def test_a_webhook_denies_by_its_name_and_its_absence_passes(
    real_cluster: RealCluster, client: Client, namespace: str
) -> None:
    with TlsServer(answer=_deny) as server:
        hook = _webhook(server, namespace)
        try:
            client.apply(hook, force=True)
            denied = named("v1", "Secret", namespace, "s", stringData={"p": "42424242"})
            real_cluster.wait_for("the webhook is asked", lambda: _denied(client, denied))
            with pytest.raises(errors.AdmissionDenied) as withheld:
                client.apply(denied, force=True)
            with pytest.raises(errors.AdmissionDenied, match="no latest tags"):
                client.apply(config_map(namespace, "a"), force=True)
            server.answer = tls_server.silence
            with pytest.raises(errors.ClusterError) as passing:
                client.apply(config_map(namespace, "a"), force=True)
        finally:
            client.delete(ref_of(hook))

    assert withheld.value.message == f"Secret {namespace}/s denied by: contract.example.com"
    assert passing.value.retryable


def _webhook(server: TlsServer, namespace: str) -> dict[str, Any]:
    hook = {
        "name": "contract.example.com",
        "clientConfig": {"url": f"{server.url}/", "caBundle": kubeconfigs.encoded(server.ca_pem)},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "resources": ["configmaps", "secrets"],
                "operations": ["CREATE"],
            }
        ],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        "failurePolicy": "Fail",
    }
    api = "admissionregistration.k8s.io/v1"
    found = named(api, "ValidatingWebhookConfiguration", "", f"contract-{namespace}")
    return {**found, "webhooks": [hook]}


def _deny(exchange: Exchange) -> None:
    review = json.loads(exchange.request.body)
    told = json.dumps(review["request"]["object"].get("stringData", {}))
    status = {"message": f"no latest tags {told}", "code": 403}
    response = {"uid": review["request"]["uid"], "allowed": False, "status": status}
    answer = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response}
    tls_server.as_json(answer)(exchange)


def _denied(client: Client, manifest: dict[str, Any]) -> bool:
    try:
        client.apply(manifest, force=True, dry_run=True)
    except errors.AdmissionDenied:
        return True
    return False
