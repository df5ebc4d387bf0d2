"""Whose an object on a member cluster is, and what its annotations ask us to leave alone.

In: live metadata, the owner who asks. Out: an owner, a verdict, an opt-out. Labels carry the
hub's id and the owner's uid, never names, so that a rename moves nothing (fluxcd/flux2#3316).
Between two owners of one hub the labels do not decide: the inventory in the database does, when
the refs are claimed (docs/architecture.md, ownership). The annotations are those of Flux's
kustomize-controller, and the same words under slipway.dev/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from projects.errors import Conflict
from projects.kube import manifest as manifests
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from projects.kube.manifest import Manifest

FIELD_MANAGER = "slipway"
HUB_LABEL = "slipway.dev/hub"
OWNER_LABEL = "slipway.dev/owner"
# On what attaching a cluster creates for a project: its namespace, service account and role
# binding.
PROJECT_LABEL = "slipway.dev/project"
_PREFIXES = ("kustomize.toolkit.fluxcd.io/", "slipway.dev/")


class OwnershipConflict(Conflict):
    """An object that is desired belongs to someone else, or to nobody and adoption is off."""

    default_reason: ClassVar[str] = Reason.OWNERSHIP_CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who brings objects to a cluster; its name is for messages and does not identify it."""

    hub_id: str
    uid: str
    kind: str = field(default="", compare=False)
    namespace: str = field(default="", compare=False)
    name: str = field(default="", compare=False)

    @property
    def labels(self) -> dict[str, str]:
        """The labels on every object of this owner."""
        return {HUB_LABEL: self.hub_id, OWNER_LABEL: self.uid}

    @property
    def selector(self) -> str:
        """The label selector that finds every object of this owner."""
        return ",".join(f"{key}={value}" for key, value in self.labels.items())


class Policy(StrEnum):
    """How an object is applied: the values of Flux's `ssa` annotation."""

    OVERRIDE = "Override"
    MERGE = "Merge"
    IF_NOT_PRESENT = "IfNotPresent"
    IGNORE = "Ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an owner may apply over what exists, and why (or why not)."""

    granted: bool
    message: str = ""


def owner_of(live: Manifest) -> Owner | None:
    """Read the owner labels of an object; None when they are not both there."""
    labels = manifests.labels(live)
    hub_id, uid = labels.get(HUB_LABEL), labels.get(OWNER_LABEL)
    return Owner(hub_id=hub_id, uid=uid) if hub_id and uid else None


def judge(
    *, existing: Manifest | None, owner: Owner, adopt: bool, recorded: bool, shared: bool
) -> Verdict:
    """Decide whether an owner may apply over an existing object.

    recorded: the owner's inventory holds the object, with an answer of the cluster. shared: it is
    cluster-scoped, so projects may reach it whose inventories do not know each other, and no
    claim in the database can decide. A message never names the other owner: whoever reads it may
    not be allowed to know them.
    """
    if existing is None:
        return Verdict(granted=True)
    found = owner_of(existing)
    if found == owner:
        return Verdict(granted=True)
    if PROJECT_LABEL in manifests.labels(existing):
        return Verdict(granted=False, message="is part of the project itself")
    sibling = found is not None and found.hub_id == owner.hub_id
    if sibling and not shared:
        return Verdict(granted=True, message="was handed over by another source of this hub")
    if adopt:
        return Verdict(granted=True, message="was adopted")
    if found is not None:
        whose = "another source of this hub" if sibling else "another hub"
        return Verdict(granted=False, message=f"is managed by {whose}")
    if recorded:
        return Verdict(granted=True, message="had lost its owner labels")
    return Verdict(granted=False, message="exists already and adoption is off")


def policy(desired: Manifest) -> Policy:
    """Read how an object wants to be applied; an unknown value means Override, as in Flux."""
    said = _asked(desired, "ssa")
    return next((each for each in Policy if each.lower() == said), Policy.OVERRIDE)


def reconcile_disabled(manifest: Manifest | None) -> bool:
    """Tell whether an object asks to be neither applied nor pruned."""
    return manifest is not None and _asked(manifest, "reconcile") == "disabled"


def prune_disabled(live: Manifest | None) -> bool:
    """Tell whether a live object asks never to be pruned."""
    return reconcile_disabled(live) or (live is not None and _asked(live, "prune") == "disabled")


def _asked(manifest: Manifest, word: str) -> str:
    """Find an opt-out, in lower case: Flux's pages write both cases, and labels count too."""
    labels = manifests.labels(manifest)
    annotations = manifests.metadata(manifest).get("annotations") or {}
    for prefix in _PREFIXES:
        value = annotations.get(prefix + word) or labels.get(prefix + word)
        if value:
            return str(value).lower()
    return ""
