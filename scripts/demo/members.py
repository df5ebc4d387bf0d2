"""The clusters of the demo: the reader's own, or real ones made for it.

In: the environment. Out: Members, each with a kubeconfig file in the demo's folder. With KUBECONFIG
set, each of its files brings the cluster of its current context; only one namespace is made there,
and it is removed at the end. Otherwise etcd, kube-apiserver, kube-controller-manager and kwok are
built by tests/realcluster, once, and run until the demo ends.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo import DemoFailed
from scripts.demo.folder import Folder, write_private
from scripts.demo.kubectl import kubectl
from scripts.demo.telling import detail, step
from tests.realcluster import build
from tests.realcluster.cluster import ClusterFailed, RealCluster

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

NAMES = ("east", "west")
_HUB_LABEL = "slipway.dev/hub"
_NO_CLUSTER = """no cluster can be had here: {why}.
Do one of these and start again:
  - install Go 1.26 or newer (https://go.dev/dl); real clusters are then built, once
  - KUBECONFIG=/path/to/kubeconfig make demo   takes a cluster of your own"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One cluster; `real` is there if the demo made it, and so may stop it."""

    name: str
    kubeconfig: Path
    real: RealCluster | None = None


@contextlib.contextmanager
def running(
    folder: Folder, environ: Mapping[str, str], *, namespace: str
) -> Iterator[tuple[Member, ...]]:
    """Have clusters until the block ends.

    Raises: DemoFailed when there are none.
    """
    if environ.get("KUBECONFIG"):
        found = _readers(folder, environ["KUBECONFIG"])
        for member in found:
            _check_free(member, namespace)
        yield found
        return
    _build(environ)
    with contextlib.ExitStack() as stack:
        try:
            yield _started(folder, environ, stack)
        except ClusterFailed as error:
            raise DemoFailed(str(error)) from error


def clean(folder: Folder, *, namespace: str) -> None:
    """Remove what a demo has put on clusters that are the reader's: its namespace, if it is its.

    Harmless where there is nothing. A cluster that does not answer is named, and left.
    """
    if not folder.hub_id.exists():
        return
    hub = folder.hub_id.read_text().strip()
    for kubeconfig in sorted(folder.root.glob("clusters/*/kubeconfig")):
        name = kubeconfig.parent.name
        which = ("namespaces", f"--selector={_HUB_LABEL}={hub}")
        only = f"--field-selector=metadata.name={namespace}"
        step(f"removing namespace {namespace} from {name}")
        try:
            kubectl("delete", *which, only, "--timeout=90s", kubeconfig=kubeconfig)
        except DemoFailed as error:
            detail(f"{name}: {error}")
            detail(f"remove it there by hand: kubectl delete namespace {namespace}")


def _build(environ: Mapping[str, str]) -> None:
    missing = build.missing(environ)
    if not missing:
        return
    if build.go_program(environ) is None:
        raise DemoFailed(_NO_CLUSTER.format(why=build.why_missing(environ)))
    names = ", ".join(tool.name for tool in missing)
    step(f"building {names} (first time: about ten minutes, cached afterwards)")
    try:
        build.build(environ)
    except build.BuildError as error:
        raise DemoFailed(_NO_CLUSTER.format(why=str(error).rstrip("."))) from error


def _started(
    folder: Folder, environ: Mapping[str, str], stack: contextlib.ExitStack
) -> tuple[Member, ...]:
    step(f"starting clusters {' and '.join(NAMES)}")
    binaries = build.find(environ)
    clusters = []
    for name in NAMES:
        directory = folder.kubeconfig(name).parent
        directory.mkdir(mode=0o700, parents=True)
        cluster = RealCluster(name=name, directory=directory, binaries=binaries)
        stack.callback(cluster.close)
        cluster.launch()
        clusters.append(cluster)
    for cluster in clusters:
        cluster.wait_ready()
        cluster.run_pods()
        detail(f"{cluster.name} answers at {cluster.server}")
    return tuple(
        Member(name=each.name, kubeconfig=each.kubeconfig_path, real=each) for each in clusters
    )


def _readers(folder: Folder, kubeconfigs: str) -> tuple[Member, ...]:
    """Read the current context of each file, with all it refers to written into it.

    Raises: DemoFailed.
    """
    found: dict[str, Member] = {}
    servers: set[str] = set()
    for path in filter(None, kubeconfigs.split(os.pathsep)):
        source = Path(path).expanduser().absolute()
        if not source.is_file():
            raise DemoFailed(f"KUBECONFIG names {path}, which is not there")
        view = ("config", "view", "--raw", "--flatten", "--minify", "-o", "json")
        text = kubectl(*view, kubeconfig=source)
        config = json.loads(text)
        server = config["clusters"][0]["cluster"].get("server", "")
        if server in servers:
            continue
        servers.add(server)
        name = _name(config["current-context"], taken=found.keys())
        write_private(folder.kubeconfig(name), text)
        found[name] = Member(name=name, kubeconfig=folder.kubeconfig(name))
        step(f"your cluster {config['current-context']} takes part as {name} ({server})")
    if not found:
        raise DemoFailed("KUBECONFIG names no file")
    return tuple(found.values())


def _check_free(member: Member, namespace: str) -> None:
    """Raises: DemoFailed when the cluster does not answer, or has such a namespace already."""
    which = ("namespace", namespace, "--ignore-not-found", "-o", "name", "--request-timeout=15s")
    if kubectl("get", *which, kubeconfig=member.kubeconfig).strip():
        raise DemoFailed(
            f"{member.name} has a namespace {namespace} already; the demo wants to make and remove"
            " one of that name"
        )


def _name(context: str, *, taken: Container[str]) -> str:
    """A DNS label made of the name of a context."""
    plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in context.lower())
    base = plain.strip("-")[:40].strip("-") or "cluster"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    return name
