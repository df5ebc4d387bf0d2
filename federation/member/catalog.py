"""Fetch what a cluster serves, once, and again only when it says that something changed.

In: a way to send a GET. Out: a Discovery that all clients of one transport share. Two requests for
the aggregated form with their ETags (304 when nothing moved); servers before Kubernetes 1.27 answer
these in the legacy form, and are then asked for each group version. Always fetched as the cluster's
own credential: the answer does not depend on who asks, and an impersonated user may not be let in
to it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from federation.member import answers, discovery
from federation.member.errors import ClusterError

if TYPE_CHECKING:
    from federation.member.discovery import Discovery, GroupVersion
    from federation.member.transport import Transport

_AGGREGATED = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
# A cluster with hundreds of CRDs answers with about 1 MB.
_MAX_BODY = 8 * 1024 * 1024
_MAX_GROUP_VERSIONS = 1000
_ROOTS = ("/api", "/apis")


class Catalog:
    """The cached discovery of one cluster; safe for many threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[str, Any]] = {}
        self._discovery: Discovery | None = None

    def get(self, *, deadline: float | None = None) -> Discovery:
        """The discovery as last fetched."""
        found = self._discovery
        return found if found is not None else self.refresh(deadline=deadline)

    def refresh(self, *, deadline: float | None = None) -> Discovery:
        """Ask again; the same value comes back when nothing changed."""
        with self._lock:
            fetched = [self._fetch(root, deadline) for root in _ROOTS]
            if self._discovery is None or any(changed for _, changed in fetched):
                documents = [document for document, _ in fetched]
                self._discovery = self._read(documents, deadline)
            return self._discovery

    def _fetch(self, path: str, deadline: float | None) -> tuple[Any, bool]:
        """Get one root document and whether it is new."""
        etag, kept = self._documents.get(path, ("", None))
        headers = [("Accept", _AGGREGATED), ("Accept-Encoding", "gzip")]
        if etag:
            headers.append(("If-None-Match", etag))
        response = self._transport.request(
            "GET", path, headers=headers, deadline=deadline, max_body=_MAX_BODY
        )
        if response.status == 304 and etag:
            return kept, False
        document = response.document()
        if response.status != 200:
            raise answers.from_status(
                response.status, document, None, verb="discovery", retry_after=response.retry_after
            )
        if not isinstance(document, dict):
            raise ClusterError(f"{path}: not a discovery document")
        etag = response.headers.get("ETag", "")
        if document.get("kind") == "APIGroupDiscoveryList" and etag:
            self._documents[path] = (etag, document)
        else:
            self._documents.pop(path, None)
        return document, True

    def _read(self, documents: list[Any], deadline: float | None) -> Discovery:
        legacy = [one for document in documents for one in discovery.legacy_versions(document)]
        if len(legacy) > _MAX_GROUP_VERSIONS:
            raise ClusterError(f"the cluster names more than {_MAX_GROUP_VERSIONS} group versions")
        lists: list[Any] = []
        stale: list[GroupVersion] = []
        for group, version in legacy:
            found = self._resource_list(group, version, deadline)
            if found is None:
                stale.append((group, version))
            else:
                lists.append(found)
        read = discovery.Discovery.parse(*documents, *lists, stale=stale)
        if not read.by_kind:
            raise ClusterError("the cluster names no kind at all")
        return read

    def _resource_list(self, group: str, version: str, deadline: float | None) -> Any | None:
        """Get one legacy list; None when the group's own server does not answer (an APIService)."""
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        response = self._transport.request(
            "GET",
            path,
            headers=[("Accept", "application/json")],
            deadline=deadline,
            max_body=_MAX_BODY,
        )
        return response.document() if response.status == 200 else None
