"""One request at a member cluster as one user, and what its answer means.

In: verb, object or kind, body. Out: the decoded JSON object of a success; everything else is raised
as a leaf of errors.py. A 404 that is not the API's own is checked against fresh discovery before
anybody may read it as "the kind is gone": a proxy in the way says 404 too, and an inventory that
forgets objects loses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.member import answers, paths
from federation.member.errors import ClusterError, NotServed
from projects.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.member.catalog import Catalog
    from federation.member.discovery import Resource
    from federation.member.transport import Transport
    from projects.kube.refs import GroupVersionKind, ObjectRef

    Pairs = Sequence[tuple[str, str]]

JSON = "application/json"
_HEADER_TEXT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """The user to act as. Never empty, for without a name the headers would be left out, and the
    cluster's own credential would act in the user's place (security.md S-36, CVE-2026-23990)."""

    user: str
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(_HEADER_TEXT.fullmatch(name) for name in (self.user, *self.groups)):
            raise Invalid("impersonation wants a user, and names of visible ASCII only")

    @property
    def headers(self) -> list[tuple[str, str]]:
        groups = [("Impersonate-Group", group) for group in self.groups]
        return [("Impersonate-User", self.user), *groups]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A transport, the discovery that goes with it, and who to be."""

    transport: Transport
    catalog: Catalog
    impersonate: Impersonation | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        verb: str,
        ref: ObjectRef | None = None,
        query: Pairs = (),
        body: bytes | None = None,
        headers: Pairs = (("Accept", JSON),),
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send one request and give the JSON object that a success answers with.

        Raises: what answers.from_status and Transport.request raise.
        """
        actor = self.impersonate.headers if self.impersonate is not None else []
        response = self.transport.request(
            method, path, query=query, body=body, headers=[*headers, *actor], deadline=deadline
        )
        document = response.document()
        if not 200 <= response.status < 300:
            raise answers.from_status(
                response.status, document, ref, verb=verb, retry_after=response.retry_after
            )
        if not isinstance(document, dict):
            raise ClusterError(f"{verb}: HTTP {response.status} without a JSON object")
        return document

    def on_object(
        self,
        ref: ObjectRef,
        method: str,
        *,
        verb: str,
        query: Pairs = (),
        body: bytes | None = None,
        headers: Pairs = (("Accept", JSON),),
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send a request about one object.

        Raises: NoMatchForKind besides what send raises.
        """
        path = paths.one(self.resource(ref.gvk, deadline=deadline), ref)
        try:
            return self.send(
                method,
                path,
                verb=verb,
                ref=ref,
                query=query,
                body=body,
                headers=headers,
                deadline=deadline,
            )
        except NotServed:
            self.confirm_served(ref.gvk, deadline=deadline)
            raise

    def on_kind(
        self,
        gvk: GroupVersionKind,
        method: str,
        *,
        namespace: str,
        verb: str,
        ref: ObjectRef | None = None,
        query: Pairs = (),
        body: bytes | None = None,
        headers: Pairs = (("Accept", JSON),),
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send a request about all objects of a kind, or one that has no path yet.

        Raises: NoMatchForKind besides what send raises.
        """
        path = paths.collection(self.resource(gvk, deadline=deadline), namespace)
        try:
            return self.send(
                method,
                path,
                verb=verb,
                ref=ref,
                query=query,
                body=body,
                headers=headers,
                deadline=deadline,
            )
        except NotServed:
            self.confirm_served(gvk, deadline=deadline)
            raise

    def resource(self, gvk: GroupVersionKind, *, deadline: float | None) -> Resource:
        """Find the kind's resource in the discovery as last fetched."""
        return self.catalog.get(deadline=deadline).resource(gvk)

    def confirm_served(self, gvk: GroupVersionKind, *, deadline: float | None) -> None:
        """Ask the cluster anew whether it serves a kind.

        Raises: NoMatchForKind when it does not.
        """
        self.catalog.refresh(deadline=deadline).resource(gvk)
