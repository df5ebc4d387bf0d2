"""How fast one run brings 1,000 objects to a real kube-apiserver, against a tight raw client.

In: the programs of tests/realcluster. Out: one JSON line per figure, with `against` and `ratio`
where a raw client did the same work on the same server in the same run; machines are noisy, ratios
less so. The raw client has 8 threads, keep-alive and prepared bodies, and reads no answer. Objects:
40 % ConfigMap, 30 % Deployment (no replicas), 30 % Service. Rows are left out: the journal is in
memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import urllib3

from tests.contract import apply_world
from tests.realcluster import build
from tests.realcluster.pool import ClusterPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.realcluster.cluster import RealCluster

OBJECTS = 1000
THREADS = 8
LISTS = ("/api/v1/{}/configmaps", "/api/v1/{}/services", "/apis/apps/v1/{}/deployments")
PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps/{}",
    "Service": "/api/v1/namespaces/{}/services/{}",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments/{}",
}


def objects(count: int, *, tag: str = "1") -> list[dict[str, Any]]:
    """The same manifests every time, of about 0.6 kB."""
    return [_object(number, tag) for number in range(count)]


def _object(number: int, tag: str) -> dict[str, Any]:
    name, text = f"o{number:04}", f"{number}-" * 80
    match number % 10:
        case 0 | 1 | 2 | 3:
            data = {"tag": tag, "text": text}
            return {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name},
                "data": data,
            }
        case 4 | 5 | 6:
            # Without addresses: the range of a test cluster holds 254.
            spec: dict[str, Any] = {
                "clusterIP": "None",
                "selector": {"app": name},
                "ports": [{"port": 80}],
            }
            return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    labels = {"app": name}
    container = {"name": "main", "image": f"registry.example/{name}:{tag}"}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


class Raw:
    """The fastest plain client we can write: prepared requests, kept connections, threads."""

    def __init__(self, cluster: RealCluster) -> None:
        certificate = cluster.kubeconfig_path.with_name("benchmark-ca.pem")
        certificate.write_text(cluster.ca_pem)
        headers = {"Authorization": f"Bearer {cluster.token}"}
        self._server, self._headers = cluster.server, headers
        self._http = urllib3.PoolManager(
            maxsize=THREADS, block=True, retries=False, ca_certs=str(certificate), headers=headers
        )

    def apply(
        self, manifests: list[dict[str, Any]], namespace: str, *, dry_run: bool = False
    ) -> None:
        query = "?fieldManager=raw&force=true" + ("&dryRun=All" if dry_run else "")
        todo = [
            (
                PATHS[each["kind"]].format(namespace, each["metadata"]["name"]) + query,
                json.dumps(each),
            )
            for each in manifests
        ]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda each: self._patch(*each), todo))

    def list_all(self, namespace: str) -> None:
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        for path in LISTS:
            where = path.format(f"namespaces/{namespace}")
            self._http.request(
                "GET",
                f"{self._server}{where}?resourceVersion=0",
                headers={**self._headers, "Accept": accept},
            )

    def _patch(self, path: str, body: str) -> None:
        headers = {**self._headers, "Content-Type": "application/apply-patch+yaml"}
        answer = self._http.request("PATCH", self._server + path, body=body, headers=headers)
        if answer.status >= 300:
            raise RuntimeError(f"{answer.status}: {answer.data[:300]!r}")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def figures(cluster: RealCluster) -> Iterator[dict[str, Any]]:
    """Measure, in pairs: the raw client, then a run."""
    raw, first, changed = Raw(cluster), objects(OBJECTS), objects(OBJECTS)
    changed[500] = _object(500, "2")
    raw.apply(objects(20), cluster.namespace())  # warm: the server's schemas, our connections
    world = apply_world.make_world(cluster)

    def run(manifests: list[dict[str, Any]]) -> Callable[[], object]:
        def go() -> None:
            outcome = world.run(manifests)
            if outcome.error is not None:
                raise outcome.error

        return go

    namespace = cluster.namespace()
    raw_first, _ = timed(lambda: raw.apply(first, namespace))
    wall, cpu = timed(run(first))
    yield _figure("apply_first_1000", wall, raw_first, cpu_ms_per_object=cpu / OBJECTS * 1000)
    raw_dry, _ = timed(lambda: raw.apply(first, namespace, dry_run=True))
    wall, cpu = timed(run(first))
    yield _figure(
        "noop_1000", wall, raw_dry, cpu_seconds=cpu, requests=len(world.transport.requests)
    )
    raw_change, _ = timed(lambda: (raw.apply([changed[500]], namespace), raw.list_all(namespace)))
    wall, cpu = timed(run(changed))
    yield _figure("change_one_of_1000", wall, raw_change, requests=len(world.transport.requests))


def _figure(name: str, value: float, against: float, **more: float) -> dict[str, Any]:
    rounded = {key: round(each, 3) for key, each in more.items()}
    return {
        "name": name,
        "value": round(value, 3),
        "unit": "s",
        "against": round(against, 3),
        "ratio": round(value / against, 3),
        **rounded,
    }


def main() -> int:
    reason = build.why_missing(os.environ)
    if reason:
        print(f"propagate: not measured: {reason}")
        return 0
    pool = ClusterPool(binaries=build.find(os.environ))
    try:
        (cluster,) = pool.take(1)
        for figure in figures(cluster):
            print(json.dumps(figure), flush=True)
    finally:
        pool.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
