"""The verbs we use on a member cluster, on any kind it serves.

In: refs and manifests. Out: objects as mappings, or a leaf of errors.py. Writes ask for the answer
as PartialObjectMetadata: a fifth of the bytes, and no Secret comes back. Every call takes
`deadline`, a value of time.monotonic(), and does not outlast it; without one each request is
bounded by the transport.

Nothing is decided here: not the order, not what to retry, not whether to force. Manifests are sent
as they are, so server fields and managedFields must be gone
(projects.kube.manifest.without_server_fields).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from federation.member import answers, listing, paths
from federation.member.calling import JSON, Caller, Impersonation
from federation.member.catalog import Catalog
from federation.member.errors import (
    ClusterError,
    ListExpired,
    ObjectNotFound,
    OtherObject,
    Rejected,
    WriteConflict,
)
from federation.member.listing import MetadataList, ObjectList
from projects.kube.refs import GroupVersionKind, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from federation.member.discovery import Discovery
    from federation.member.transport import Transport

__all__ = ["Client", "Impersonation", "MetadataList", "ObjectList"]

FIELD_MANAGER = "slipway"

# Plain JSON as the second choice: aggregated API servers need not know the metadata form.
_METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
_METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
_APPLY_PATCH = "application/apply-patch+yaml"
_JSON_PATCH = "application/json-patch+json"


class Client:
    """One identity at one cluster. Cheap to make; safe for many threads."""

    def __init__(
        self,
        transport: Transport,
        *,
        impersonate: Impersonation | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._caller = Caller(
            transport=transport, catalog=catalog or Catalog(transport), impersonate=impersonate
        )

    def impersonating(self, impersonate: Impersonation) -> Client:
        """The same cluster as another user; connections and discovery are shared."""
        return Client(self._caller.transport, impersonate=impersonate, catalog=self._caller.catalog)

    def version(self, *, deadline: float | None = None) -> str:
        """The cluster's version, as v1.36.3."""
        found = self._caller.send("GET", "/version", verb="version", deadline=deadline)
        version = found.get("gitVersion")
        if not isinstance(version, str) or not version:
            raise ClusterError("the cluster does not say its version")
        return answers.clip(version, 64)

    def namespace_uid(self, namespace: str, *, deadline: float | None = None) -> str:
        """The uid of a namespace; that of kube-system is the identity of the cluster (R-40).

        Raises: ObjectNotFound.
        """
        ref = ObjectRef(group="", version="v1", kind="Namespace", namespace="", name=namespace)
        found = self.get_metadata(ref, deadline=deadline)
        if found is None:
            raise ObjectNotFound(f"{ref} is not there", ref=ref)
        return str(found["metadata"].get("uid", ""))

    def discovery(self, *, deadline: float | None = None) -> Discovery:
        """What the cluster serves, as last fetched."""
        return self._caller.catalog.get(deadline=deadline)

    def refresh_discovery(self, *, deadline: float | None = None) -> Discovery:
        """What the cluster serves now; two requests, cheap when nothing changed."""
        return self._caller.catalog.refresh(deadline=deadline)

    def get(self, ref: ObjectRef, *, deadline: float | None = None) -> dict[str, Any] | None:
        """The whole object, or None if it is not there.

        Raises: NoMatchForKind.
        """
        return self._get(ref, JSON, deadline)

    def get_metadata(
        self, ref: ObjectRef, *, deadline: float | None = None
    ) -> dict[str, Any] | None:
        """The object's metadata as PartialObjectMetadata, or None if it is not there.

        Raises: NoMatchForKind.
        """
        found = self._get(ref, _METADATA, deadline)
        return None if found is None else _only_metadata(found)

    def list_metadata(
        self,
        gvk: GroupVersionKind,
        *,
        namespace: str = "",
        selector: str = "",
        resource_version: str = "",
        deadline: float | None = None,
    ) -> MetadataList:
        """The metadata of all objects of a kind; listing.query says what resource_version means.

        Raises: NoMatchForKind, ListExpired.
        """
        asked = listing.query(selector=selector, resource_version=resource_version)
        found = self._list(gvk, namespace, asked, accept=_METADATA_LIST, deadline=deadline)
        items = tuple(_only_metadata(item) for item in found.items)
        return MetadataList(items=items, resource_version=found.resource_version)

    def list_objects(
        self,
        gvk: GroupVersionKind,
        *,
        namespace: str = "",
        selector: str = "",
        resource_version: str = "",
        deadline: float | None = None,
    ) -> ObjectList:
        """All objects of a kind, whole; they carry no kind of their own inside a list.

        Raises: NoMatchForKind, ListExpired.
        """
        asked = listing.query(selector=selector, resource_version=resource_version)
        return self._list(gvk, namespace, asked, accept=JSON, deadline=deadline)

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        force: bool,
        dry_run: bool = False,
        field_manager: str = FIELD_MANAGER,
        validate: str = "Strict",
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Server-side apply; the answer is the object's metadata after it.

        Raises: ApplyConflict (only without force), Rejected, ImmutableField, AdmissionDenied,
        NamespaceNotReady, Forbidden, NoMatchForKind.
        """
        ref = ObjectRef.of(manifest)
        found = self._caller.on_object(
            ref,
            "PATCH",
            verb="dry run" if dry_run else "apply",
            query=[
                ("fieldManager", field_manager),
                ("force", "true" if force else "false"),
                ("fieldValidation", validate),
                *([("dryRun", "All")] if dry_run else []),
            ],
            body=paths.encoded(manifest, ref),
            headers=[("Accept", _METADATA), ("Content-Type", _APPLY_PATCH)],
            deadline=deadline,
        )
        return _only_metadata(found)

    def create(
        self, manifest: Mapping[str, Any], *, deadline: float | None = None
    ) -> dict[str, Any]:
        """Create an object; the answer is the whole of it.

        Raises: ObjectExists, and what apply raises.
        """
        ref = ObjectRef.of(manifest)
        paths.check_namespaced(self._caller.resource(ref.gvk, deadline=deadline), ref)
        return self._caller.on_kind(
            ref.gvk,
            "POST",
            namespace=ref.namespace,
            verb="create",
            ref=ref,
            query=[("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")],
            body=paths.encoded(manifest, ref),
            headers=[("Accept", JSON), ("Content-Type", JSON)],
            deadline=deadline,
        )

    def patch_json(
        self, ref: ObjectRef, ops: Sequence[Mapping[str, Any]], *, deadline: float | None = None
    ) -> dict[str, Any]:
        """RFC 6902 patch, with a `test` of what it builds on; the answer is the object's metadata.

        Raises: WriteConflict when a test of resourceVersion or managedFields fails; ObjectNotFound.
        """
        try:
            found = self._caller.on_object(
                ref,
                "PATCH",
                verb="patch",
                query=[("fieldManager", FIELD_MANAGER)],
                body=paths.encoded([dict(op) for op in ops], ref),
                headers=[("Accept", _METADATA), ("Content-Type", _JSON_PATCH)],
                deadline=deadline,
            )
        except Rejected as error:
            # A failed test is a 422 without any detail; it means that the object moved on.
            if any(op.get("op") == "test" for op in ops) and not error.causes:
                raise WriteConflict(f"{ref} changed in between", ref=ref) from error
            raise
        return _only_metadata(found)

    def delete(
        self,
        ref: ObjectRef,
        *,
        uid: str = "",
        propagation: str = "Background",
        deadline: float | None = None,
    ) -> bool:
        """Ask for an object to go; True if it was there. Finalizers may keep it for a while after.

        False means that the object meant is gone: the name is free, or (with `uid`) it belongs to
        another object by now, which is left alone.
        """
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        }
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            self._caller.on_object(
                ref,
                "DELETE",
                verb="delete",
                body=paths.encoded(options),
                headers=[("Accept", _METADATA), ("Content-Type", JSON)],
                deadline=deadline,
            )
        except (ObjectNotFound, ListExpired, OtherObject):
            return False
        return True

    def _get(self, ref: ObjectRef, accept: str, deadline: float | None) -> dict[str, Any] | None:
        try:
            return self._caller.on_object(
                ref, "GET", verb="get", headers=[("Accept", accept)], deadline=deadline
            )
        except ObjectNotFound:
            return None

    def _list(
        self,
        gvk: GroupVersionKind,
        namespace: str,
        asked: list[tuple[str, str]],
        *,
        accept: str,
        deadline: float | None,
    ) -> ObjectList:
        def get_page(query: list[tuple[str, str]]) -> dict[str, Any]:
            return self._caller.on_kind(
                gvk,
                "GET",
                namespace=namespace,
                verb=f"list of {gvk.kind}",
                query=query,
                # Lists are what is worth packing; the server does so from 128 KiB on.
                headers=[("Accept", accept), ("Accept-Encoding", "gzip")],
                deadline=deadline,
            )

        return listing.read_all(get_page, asked)


def _only_metadata(document: dict[str, Any]) -> dict[str, Any]:
    """Drop everything else, should a server have sent it all the same."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise ClusterError("the cluster answered without metadata")
    return {
        "apiVersion": "meta.k8s.io/v1",
        "kind": "PartialObjectMetadata",
        "metadata": metadata,
    }
