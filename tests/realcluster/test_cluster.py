"""The harness keeps its word: these hold it to what other tests build on."""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.realcluster.cluster import KubectlFailed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.realcluster.cluster import RealCluster
    from tests.realcluster.plugin import ClusterFactory

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}, annotations: {annotations}}}
    spec: {{containers: [{{name: web, image: "example.invalid/web:1"}}]}}
"""


def test_kubectl_applies_and_a_deleted_namespace_goes(real_cluster: RealCluster) -> None:
    namespace = real_cluster.namespace()

    real_cluster.kubectl("-n", namespace, "create", "configmap", "settings", "--from-literal=a=1")
    value = real_cluster.kubectl("-n", namespace, "get", "cm/settings", "-o", "jsonpath={.data.a}")
    real_cluster.kubectl("delete", "namespace", namespace)

    assert value == "1"
    assert namespace not in real_cluster.namespaces()


def test_a_kubectl_error_is_raised_with_its_words(real_cluster: RealCluster) -> None:
    with pytest.raises(KubectlFailed, match=r'configmaps "absent" not found'):
        real_cluster.kubectl("-n", "default", "get", "configmap", "absent")


def test_a_deployment_becomes_available(real_cluster: RealCluster) -> None:
    real_cluster.run_pods()
    namespace = real_cluster.namespace()

    real_cluster.kubectl(
        "-n", namespace, "apply", "-f", "-", stdin=DEPLOYMENT.format(annotations={})
    )
    done = real_cluster.kubectl("-n", namespace, "rollout", "status", "deploy/web", "--timeout=30s")

    assert "successfully rolled out" in done


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param("stuck", "ImagePullBackOff", id="an image that cannot be pulled"),
        pytest.param("crash", "CrashLoopBackOff", id="a container that keeps crashing"),
    ],
)
def test_a_pod_can_be_made_to_fail(real_cluster: RealCluster, how: str, expected: str) -> None:
    real_cluster.run_pods()
    namespace = real_cluster.namespace()
    path = "{.items[*].status.containerStatuses[*].state.waiting.reason}"

    def reasons() -> str:
        return real_cluster.kubectl("-n", namespace, "get", "pods", "-o", f"jsonpath={path}")

    manifest = DEPLOYMENT.format(annotations=f"{{realcluster/pod: {how}}}")
    real_cluster.kubectl("-n", namespace, "apply", "-f", "-", stdin=manifest)
    real_cluster.wait_for("both pods fail", lambda: len(reasons().split()) == 2, seconds=30)

    assert reasons().split() == [expected, expected]


def test_a_job_completes_and_one_that_fails_says_so(real_cluster: RealCluster) -> None:
    real_cluster.run_pods()
    namespace = real_cluster.namespace()
    failing = """
apiVersion: batch/v1
kind: Job
metadata: {name: failing}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {realcluster/pod: fail}}
    spec: {restartPolicy: Never, containers: [{name: job, image: "example.invalid/job:1"}]}
"""

    real_cluster.kubectl("-n", namespace, "create", "job", "good", "--image=example.invalid/job:1")
    real_cluster.kubectl("-n", namespace, "apply", "-f", "-", stdin=failing)

    for condition, job in (("complete", "good"), ("failed", "failing")):
        real_cluster.kubectl(
            "-n", namespace, "wait", f"--for=condition={condition}", f"job/{job}", "--timeout=30s"
        )


def test_a_stopped_cluster_comes_back_with_its_data(real_cluster: RealCluster) -> None:
    real_cluster.run_pods()
    namespace = real_cluster.namespace()
    server = real_cluster.server

    real_cluster.stop()
    while_down = real_cluster.request("GET", "/readyz").status
    real_cluster.start()
    real_cluster.kubectl(
        "-n", namespace, "create", "deployment", "web", "--image=example.invalid/w"
    )
    real_cluster.kubectl("-n", namespace, "rollout", "status", "deploy/web", "--timeout=30s")

    assert while_down == 0
    assert real_cluster.server == server
    assert namespace in real_cluster.namespaces()


def test_a_frozen_cluster_accepts_and_never_answers(real_cluster: RealCluster) -> None:
    context = ssl.create_default_context(cadata=real_cluster.ca_pem)

    real_cluster.freeze()
    before = time.monotonic()
    with pytest.raises(urllib.error.URLError, match="timed out"):
        urllib.request.urlopen(f"{real_cluster.server}/readyz", timeout=0.5, context=context)
    elapsed = time.monotonic() - before
    real_cluster.start()

    assert elapsed >= 0.5
    assert real_cluster.request("GET", "/readyz").status == 200


def test_the_pool_mends_what_a_test_left(cluster_factory: ClusterFactory) -> None:
    [cluster] = cluster_factory(1)
    cluster.stop()

    [again] = cluster_factory(1)
    again.start()

    assert again is cluster
    assert again.request("GET", "/readyz").status == 200


def test_access_is_decided_by_rbac(real_cluster: RealCluster, tmp_path: Path) -> None:
    pair = real_cluster.client_certificate(user="visitor", groups=("guests",))
    (tmp_path / "cert").write_text(pair.cert_pem)
    (tmp_path / "key").write_text(pair.key_pem)
    context = ssl.create_default_context(cadata=real_cluster.ca_pem)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{real_cluster.server}/api/v1/secrets", context=context, timeout=10)

    message = refused.value.read().decode()
    refused.value.close()
    assert refused.value.code == 403
    assert 'User \\"visitor\\" cannot list resource \\"secrets\\"' in message


def test_service_account_tokens_are_real(real_cluster: RealCluster) -> None:
    namespace = real_cluster.namespace()

    token = real_cluster.kubectl("-n", namespace, "create", "token", "default").strip()
    who = real_cluster.kubectl("auth", "whoami", f"--token={token}", "-o", "jsonpath={..username}")

    assert who == f"system:serviceaccount:{namespace}:default"


def test_two_clusters_share_nothing(two_clusters: tuple[RealCluster, RealCluster]) -> None:
    first, second = two_clusters

    namespace = first.namespace()

    assert namespace in first.namespaces()
    assert namespace not in second.namespaces()
    assert first.ca_pem != second.ca_pem
    assert first.token != second.token


def test_server_side_apply_tells_the_owner_of_a_field(real_cluster: RealCluster) -> None:
    namespace = real_cluster.namespace()
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: %s}\n"
    apply = ("-n", namespace, "apply", "--server-side", "-f", "-")

    real_cluster.kubectl(*apply, "--field-manager=one", stdin=manifest % "'1'")

    with pytest.raises(KubectlFailed, match=r'conflict with "one": \.data\.a'):
        real_cluster.kubectl(*apply, "--field-manager=two", stdin=manifest % "'2'")
