"""Names of Kubernetes objects: which kind, and which one of it.

Two refs are the same object when their `key` is equal; the version only says how it was last spoken
of. `inventory_id` is Flux's format (kustomize-controller api/v1 inventory_types.go), so that people
can compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projects.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

ObjectKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class GroupVersionKind:
    """A kind of object; group is "" for the core group."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @classmethod
    def parse(cls, api_version: str, kind: str) -> GroupVersionKind:
        group, slash, version = api_version.rpartition("/")
        return cls(group=group if slash else "", version=version, kind=kind)

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectRef:
    """One object; namespace is "" for cluster-scoped kinds."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str

    @property
    def key(self) -> ObjectKey:
        """What identifies the object: (group, kind, namespace, name)."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(group=self.group, version=self.version, kind=self.kind)

    @property
    def inventory_id(self) -> str:
        return f"{self.namespace}_{self.name}_{self.group}_{self.kind}"

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ObjectRef:
        """Name the object a manifest describes.

        Raises: Invalid when apiVersion, kind or metadata.name is missing.
        """
        metadata = manifest.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        api_version, kind, name = (
            manifest.get("apiVersion"),
            manifest.get("kind"),
            metadata.get("name"),
        )
        for field, value in (("apiVersion", api_version), ("kind", kind), ("metadata.name", name)):
            if not isinstance(value, str) or not value:
                raise Invalid(f"{field} is missing or not a string", reason="ManifestInvalid")
        gvk = GroupVersionKind.parse(str(api_version), str(kind))
        return cls(
            group=gvk.group,
            version=gvk.version,
            kind=gvk.kind,
            namespace=str(metadata.get("namespace") or ""),
            name=str(name),
        )

    @classmethod
    def from_inventory_id(cls, inventory_id: str, version: str) -> ObjectRef:
        """Read Flux's `<namespace>_<name>_<group>_<kind>`.

        Raises: Invalid when it has not four parts.
        """
        parts = inventory_id.split("_")
        if len(parts) != 4:
            raise Invalid(f"not an inventory id: {inventory_id!r}; want namespace_name_group_kind")
        namespace, name, group, kind = parts
        return cls(group=group, version=version, kind=kind, namespace=namespace, name=name)

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{kind} {where}"
