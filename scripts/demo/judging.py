"""Whether a cluster holds exactly what Git says, by the real kubectl and nothing of Slipway's.

In: a clone from the Git server, rendered by `kubectl kustomize`, and a cluster. Out: how many
objects are as they should be, or DemoFailed naming what is not. Exactly means three things. Every
object that Git says is there. Applying it again under Slipway's name would change no field (a dry
run in the cluster, so that fields which have left Git are seen too). And no other object there was
applied by Slipway for a source.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from scripts.demo import DemoFailed
from scripts.demo.kubectl import kubectl, kustomize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scripts.demo.members import Member
    from scripts.demo.shop import Shop

_MANAGER = "slipway"
_OWNER = "slipway.dev/owner"
_HUB = "slipway.dev/hub"
# Of the server's own making: they differ without anybody having changed what was applied.
_SERVERS = ("managedFields", "resourceVersion", "generation")
# A controller may write an annotation between two looks.
_LOOKS = 3
_PAUSE_SECONDS = 1.0

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
    for look in range(_LOOKS):
        time.sleep(_PAUSE_SECONDS if look else 0)
        found = _applied(member, namespace)
        wrong = _wrong(member, found, says, namespace)
        if not wrong:
            break
    else:
        raise DemoFailed(f"{member.name} is not as Git says at {says.commit[:12]}: {wrong}")
    kinds = {each.partition("/")[0] for each in found}
    return f"{member.name}: {len(found)} objects of {len(kinds)} kinds are as in {says.commit[:12]}"


def _wrong(member: Member, found: dict[str, Object], says: Truth, namespace: str) -> str:
    """What is not as it should be, "" if all is well."""
    missing, extra = says.names - found.keys(), found.keys() - says.names
    if missing or extra:
        return f"missing {_listed(missing)}; too many {_listed(extra)}"
    return "; ".join(
        f"{name} differs at {', '.join(places)}"
        for objects in says.sources
        for name, after in _applied_again(member, objects, found, namespace).items()
        if (places := list(_differing(_own(found[name]), _own(after))))
    )


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


def _applied_again(
    member: Member, objects: Sequence[Object], found: dict[str, Object], namespace: str
) -> dict[str, Object]:
    """What a source's objects would be if they were applied again: a dry run in the cluster.

    Labels of ownership are not in Git: all of a source must have those of its first object.
    """
    sample = found[_name(objects[0])]["metadata"]["labels"]
    owner = {key: sample.get(key, "") for key in (_HUB, _OWNER)}
    items = [_labelled(each, owner) for each in objects]
    text = kubectl(
        *("apply", "--server-side", "--force-conflicts", f"--field-manager={_MANAGER}"),
        *("--dry-run=server", f"--namespace={namespace}", "-o", "json", "-f", "-"),
        kubeconfig=member.kubeconfig,
        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
    )
    return {_name(each): each for each in json.loads(text)["items"]}


def _own(found: Object) -> Object:
    """An object without what the server keeps for itself."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in _SERVERS}
    return {**{key: found[key] for key in found if key != "status"}, "metadata": metadata}


def _differing(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Where two values differ; never the values, for one may be a secret."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differing(one.get(key), other.get(key), f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, f"{where}[{at}]")
    elif one != other:
        yield where


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
