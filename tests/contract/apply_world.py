"""One project on one real cluster, as federation.apply sees it, over a wire that is watched.

`World.run` applies manifests as a source would. Requests are recorded on the way to the real
cluster, and a test may put a fault in their way (`World.faults`); nothing of Slipway is replaced.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from federation import apply
from federation.engine.ownership import Owner
from federation.engine.plan import Desired, Options
from federation.member.addresses import AddressPolicy
from federation.member.client import Client
from federation.member.credentials import parse_kubeconfig
from federation.member.transport import Response, Transport
from projects.kube import manifest as manifests
from projects.kube.refs import ObjectRef
from tests.fakes.journal import MemoryJournal, Register

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.realcluster.cluster import RealCluster

HUB_ID = "6a1f1c52-0000-4000-8000-000000000001"
PROJECT_UID = "6a1f1c52-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Request:
    """One request that went over the wire."""

    method: str
    path: str
    query: dict[str, str]
    user: str
    content_type: str


class WatchedTransport:
    """A real transport that writes down requests, and lets a test answer some of them."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.requests: list[Request] = []
        self.faults: list[Callable[[Request], Response | None]] = []

    def request(self, method: str, path: str, **kwargs: Any) -> Response:
        headers = dict(kwargs.get("headers", ()))
        request = Request(
            method=method,
            path=path,
            query=dict(kwargs.get("query", ())),
            user=headers.get("Impersonate-User", ""),
            content_type=headers.get("Content-Type", ""),
        )
        self.requests.append(request)
        for fault in self.faults:
            answer = fault(request)
            if answer is not None:
                return answer
        return self._inner.request(method, path, **kwargs)

    def close(self) -> None:
        self._inner.close()


def status_answer(code: int, reason: str, message: str) -> Response:
    """What an API server says when it refuses."""
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason}
    return Response(
        status=code,
        headers={"Content-Type": "application/json"},
        body=json.dumps({**body, "message": message}).encode(),
    )


@dataclass
class World:
    """A project's namespace on a cluster, and one owner that writes there."""

    cluster: RealCluster
    transport: WatchedTransport
    namespace: str
    owner: Owner
    journal: MemoryJournal
    platform: Client
    options: Options = field(default_factory=lambda: Options(revision="main@sha1:1"))
    allowed_seconds: float = 60.0

    @property
    def client(self) -> Client:
        return self.platform.impersonating(apply.account(self.namespace))

    @property
    def writes(self) -> list[Request]:
        return [each for each in self.transport.requests if each.method != "GET"]

    def another_owner(self) -> World:
        """A second source of the same hub in the same namespace."""
        owner = replace(self.owner, uid=str(uuid.uuid4()), name="second")
        journal = MemoryJournal(owner_uid=owner.uid, register=self.journal.register)
        return replace(self, owner=owner, journal=journal)

    def run(self, manifests_: list[dict[str, Any]], **options: Any) -> apply.Outcome:
        """Bring manifests to the cluster, as one run."""
        self.transport.requests.clear()
        return apply.run(
            client=self.client,
            platform=self.platform,
            owner=self.owner,
            desired=[self._desired(each) for each in manifests_],
            inventory=self.journal.inventory,
            options=replace(self.options, **options),
            journal=self.journal,
            deadline=time.monotonic() + self.allowed_seconds,
        )

    def live(self, kind: str, name: str) -> dict[str, Any] | None:
        """Read an object with kubectl."""
        found = self.cluster.kubectl(
            "-n", self.namespace, "get", kind, name, "--ignore-not-found", "-o", "json",
            "--show-managed-fields",
        )  # fmt: skip
        return json.loads(found) if found.strip() else None

    def kubectl(self, *args: str, stdin: str = "") -> str:
        return self.cluster.kubectl("-n", self.namespace, *args, stdin=stdin)

    def _desired(self, manifest: dict[str, Any]) -> Desired:
        metadata = {"namespace": self.namespace, **manifest["metadata"]}
        if metadata["namespace"] is None:
            del metadata["namespace"]
        whole = {**manifest, "metadata": metadata}
        ref = ObjectRef.of(whole)
        return Desired(
            ref=ref,
            manifest=whole,
            digest=manifests.digest(whole),
            file=f"{ref.kind.lower()}.yaml",
            line=3,
        )


def make_world(cluster: RealCluster, *, namespace: str = "") -> World:
    """Prepare a namespace on the cluster and an owner for it."""
    access = parse_kubeconfig(cluster.kubeconfig)
    policy = AddressPolicy(allow_loopback=True, allow_private=True)
    transport = WatchedTransport(Transport(access, policy=policy))
    name = namespace or f"t-{uuid.uuid4().hex[:10]}"
    owner = Owner(
        hub_id=HUB_ID, uid=str(uuid.uuid4()), kind="Kustomization", namespace=name, name="shop"
    )
    world = World(
        cluster=cluster,
        transport=transport,
        namespace=name,
        owner=owner,
        journal=MemoryJournal(owner_uid=owner.uid, register=Register()),
        platform=Client(transport),
    )
    apply.prepare_namespace(
        platform=world.platform,
        namespace=name,
        hub_id=HUB_ID,
        project_uid=PROJECT_UID,
        adopt=False,
        deadline=time.monotonic() + 30,
    )
    return world


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": data or {"key": "value"},
    }


def deployment(name: str, *, image: str = "example.com/app:1") -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": "app", "image": image}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }
