"""Whether a cluster holds exactly what Git says, by the real kubectl and nothing of Slipway's.

In: a clone from the Git server, rendered by `kubectl kustomize`, and a cluster. Out: how many
objects are as they should be, or DemoFailed naming what is not. Exactly means three things. Every
object that Git says is there. Applying it again by the same manager would change no field
(`kubectl diff --server-side`, a dry run in the cluster, so also fields that have left Git are
seen). And no other object there was applied by Slipway and belongs to a source.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from scripts.demo import DemoFailed
from scripts.demo.kubectl import kubectl, kustomize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scripts.demo.members import Member
    from scripts.demo.shop import Shop

_MANAGER = "slipway"
_OWNER = "slipway.dev/owner"
_HUB = "slipway.dev/hub"
_DIFFERENT = 1

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What Git says: for each source its objects, at one commit."""

    commit: str
    sources: tuple[tuple[Object, ...], ...]

    @property
    def names(self) -> frozenset[str]:
        """Every object by kind and name."""
        return frozenset(_name(each) for objects in self.sources for each in objects)


def truth(shop: Shop, *, paths: Sequence[str]) -> Truth:
    """Clone the repository and render the paths.

    Raises: DemoFailed.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-demo-") as scratch:
        clone = Path(scratch) / "clone"
        commit = shop.clone(clone)
        rendered = tuple(_rendered(clone / path) for path in paths)
    return Truth(commit=commit, sources=rendered)


def judge(member: Member, *, says: Truth, namespace: str) -> str:
    """Compare a cluster with Git; a sentence about what was found equal.

    Raises: DemoFailed.
    """
    found = _applied(member, namespace)
    missing, extra = says.names - found.keys(), found.keys() - says.names
    if missing or extra:
        raise DemoFailed(
            f"{member.name} does not hold what Git says at {says.commit[:12]}:"
            f" missing {_listed(missing)}; too many {_listed(extra)}"
        )
    for objects in says.sources:
        _compare(member, objects, found[_name(objects[0])], namespace)
    kinds = {each.partition("/")[0] for each in found}
    return f"{member.name}: {len(found)} objects of {len(kinds)} kinds are as in {says.commit[:12]}"


def _rendered(path: Path) -> tuple[Object, ...]:
    return tuple(each for each in yaml.safe_load_all(kustomize(path)) if each)


def _applied(member: Member, namespace: str) -> dict[str, Object]:
    """Objects of any kind that Slipway applied for a source.

    By manager, not only by label: the cluster copies a Service's labels to its EndpointSlices.
    """
    kinds = kubectl(
        "api-resources", "--namespaced", "--verbs=list", "-o", "name", kubeconfig=member.kubeconfig
    ).split()
    which = (",".join(kinds), f"--namespace={namespace}", f"--selector={_OWNER}")
    text = kubectl(
        "get", *which, "-o", "json", "--show-managed-fields", kubeconfig=member.kubeconfig
    )
    return {_name(each): each for each in json.loads(text)["items"] if _is_applied(each)}


def _is_applied(found: Object) -> bool:
    fields = found["metadata"].get("managedFields", [])
    return any(each["manager"] == _MANAGER and each["operation"] == "Apply" for each in fields)


def _compare(member: Member, objects: Iterable[Object], sample: Object, namespace: str) -> None:
    """Let the cluster say whether applying all of a source again would change anything.

    Labels of ownership are not in Git: all of a source have those of its first object.
    """
    owner = {key: sample["metadata"]["labels"][key] for key in (_HUB, _OWNER)}
    items = [_labelled(each, owner) for each in objects]
    wanted = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    as_slipway = ("--server-side", "--force-conflicts", f"--field-manager={_MANAGER}")
    difference = kubectl(
        *("diff", *as_slipway, "--concurrency=4", f"--namespace={namespace}", "-f", "-"),
        kubeconfig=member.kubeconfig,
        stdin=wanted,
        good=(0, _DIFFERENT),
    )
    if difference:
        raise DemoFailed(f"{member.name} differs from Git:\n{difference}")


def _labelled(found: Object, owner: dict[str, str]) -> Object:
    metadata = found["metadata"]
    labels = {**metadata.get("labels", {}), **owner}
    return {**found, "metadata": {**metadata, "labels": labels}}


def _name(found: Object) -> str:
    group = found["apiVersion"].rpartition("/")[0]
    kind = f"{found['kind']}.{group}" if group else found["kind"]
    return f"{kind}/{found['metadata']['name']}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
