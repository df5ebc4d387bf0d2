"""Command lines of the four programs of a test cluster: what is on, what is off, and why.

In: where the binaries, files and ports are. Out: argument lists; nothing is started here.
Everything that a client can see is as in a real cluster (TLS, RBAC, admission, service account
tokens, garbage collection); only what costs seconds or needs machines is off (fsync, leader
election, kubelets, endpoint reconciling).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGES = Path(__file__).resolve().parent / "kwok" / "stages.yaml"

# The controllers whose effects Slipway's promises rest on: ownership, health, namespaces, tokens,
# quotas. No node lifecycle, no cloud, no HPA (it would need metrics).
CONTROLLERS = (
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "deployment-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "cronjob-controller",
    "ttl-after-finished-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "disruption-controller",
    "resourcequota-controller",
    "persistentvolume-binder-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where one cluster's binaries, files and ports are."""

    binaries: Mapping[str, Path]
    directory: Path
    port: int
    etcd_port: int
    peer_port: int

    @property
    def ca(self) -> Path:
        """The authority's certificate, for servers and clients both."""
        return self.directory / "ca.crt"

    @property
    def serving_cert(self) -> Path:
        """The apiserver's certificate."""
        return self.directory / "apiserver.crt"

    @property
    def serving_key(self) -> Path:
        """The apiserver's private key."""
        return self.directory / "apiserver.key"

    @property
    def tokens(self) -> Path:
        """The static token file."""
        return self.directory / "tokens.csv"

    @property
    def signing_key(self) -> Path:
        """The key of service account tokens."""
        return self.directory / "service-accounts.key"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.directory / "kubeconfig"


def etcd(layout: Layout) -> list[str]:
    """Return etcd's command line: one member, loopback only, no fsync (the data is thrown away)."""
    client = f"http://127.0.0.1:{layout.etcd_port}"
    peer = f"http://127.0.0.1:{layout.peer_port}"
    return [
        str(layout.binaries["etcd"]),
        "--name=realcluster",
        f"--data-dir={layout.directory / 'etcd'}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=realcluster={peer}",
    ]


def apiserver(layout: Layout) -> list[str]:
    """Return the apiserver's command line."""
    return [
        str(layout.binaries["kube-apiserver"]),
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={layout.port}",
        f"--etcd-servers=http://127.0.0.1:{layout.etcd_port}",
        f"--tls-cert-file={layout.serving_cert}",
        f"--tls-private-key-file={layout.serving_key}",
        f"--client-ca-file={layout.ca}",
        f"--token-auth-file={layout.tokens}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={layout.signing_key}",
        f"--service-account-signing-key-file={layout.signing_key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        # It would write a loopback address into the `kubernetes` Endpoints, which validation
        # refuses for ever.
        "--endpoint-reconciler-type=none",
        "--profiling=false",
    ]


def controller_manager(layout: Layout) -> list[str]:
    """Return the controller manager's command line; --port 0 keeps its own server off."""
    return [
        str(layout.binaries["kube-controller-manager"]),
        f"--kubeconfig={layout.kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        f"--service-account-private-key-file={layout.signing_key}",
        f"--root-ca-file={layout.ca}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


def kwok(layout: Layout) -> list[str]:
    """Return kwok's command line: it plays the kubelet of every node."""
    return [
        str(layout.binaries["kwok"]),
        f"--kubeconfig={layout.kubeconfig}",
        f"--config={STAGES}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=0",
        "--cidr=10.244.0.0/16",
    ]
