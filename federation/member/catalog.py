"""Fetch what a cluster serves, once, and again only when it says that something changed.

In: a way to send a GET. Out: a Discovery that all clients of one transport share. Two requests for
the aggregated form with their ETags (304 when nothing moved); servers before Kubernetes 1.27 answer
these in the legacy form, and are then asked for each group version. Always fetched as the cluster's
own credential: the answer does not depend on who asks, and an impersonated user may not be let in
to it.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.member import answers, discovery
from federation.member.errors import ClusterError, DeadlineExceeded

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Page:
    """A root document and its ETag; the same only if it is the very one (eq is identity)."""

    document: dict[str, Any]
    etag: str


class Catalog:
    """The cached discovery of one cluster; safe for many threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._fetched: dict[str, _Page] = {}
        self._discovery: Discovery | None = None

    def get(self, *, deadline: float | None = None) -> Discovery:
        """The discovery as last fetched."""
        found = self._discovery
        return found if found is not None else self.refresh(deadline=deadline)

    def refresh(self, *, deadline: float | None = None) -> Discovery:
        """Ask again; the same value comes back when nothing changed.

        Raises: what Transport.request and answers.from_status raise; what was known stays known.
        """
        wait = -1 if deadline is None else max(deadline - time.monotonic(), 0)
        if not self._lock.acquire(timeout=wait):
            raise DeadlineExceeded("no time left to ask the cluster what it serves")
        try:
            fetched = {root: self._fetch(root, deadline) for root in _ROOTS}
            # Kept only together with what was made of it: a failure in between must not leave an
            # ETag behind that says "nothing new" about a document nobody has read.
            if self._discovery is None or fetched != self._fetched:
                documents = [page.document for page in fetched.values()]
                self._discovery = self._read(documents, deadline)
                self._fetched = fetched
            return self._discovery
        finally:
            self._lock.release()

    def _fetch(self, path: str, deadline: float | None) -> _Page:
        """Get one root document, or the kept one when the server says that it still holds."""
        kept = self._fetched.get(path)
        headers = [("Accept", _AGGREGATED), ("Accept-Encoding", "gzip")]
        if kept is not None and kept.etag:
            headers.append(("If-None-Match", kept.etag))
        response = self._transport.request(
            "GET", path, headers=headers, deadline=deadline, max_body=_MAX_BODY
        )
        if response.status == 304 and kept is not None:
            return kept
        document = response.document()
        if response.status != 200:
            raise answers.from_status(
                response.status, document, None, verb="discovery", retry_after=response.retry_after
            )
        if not isinstance(document, dict):
            raise ClusterError(f"{path}: not a discovery document")
        # Legacy root documents do not name resources, so it means nothing that they did not change.
        aggregated = document.get("kind") == "APIGroupDiscoveryList"
        return _Page(document=document, etag=response.headers.get("ETag", "") if aggregated else "")

    def _read(self, documents: list[Any], deadline: float | None) -> Discovery:
        named = (one for document in documents for one in discovery.legacy_versions(document))
        legacy = list(itertools.islice(named, _MAX_GROUP_VERSIONS + 1))
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
