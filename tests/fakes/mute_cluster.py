"""A member cluster that knows two kinds and has one answer, for what a client makes of it.

Discovery is served for real, so that a client finds its way; `answer` is what any other request
gets. What a real cluster answers is in tests/contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from projects.kube.refs import GroupVersionKind, ObjectRef
from tests.fakes import tls_server

if TYPE_CHECKING:
    from tests.fakes.tls_server import Exchange, Request, TlsServer

CONFIG_MAP = GroupVersionKind(group="", version="v1", kind="ConfigMap")
REF = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="a")
MANIFEST = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "shop"},
    "data": {"k": "v"},
}
LIVE = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "uid": "u1", "resourceVersion": "7"}}  # type: ignore[dict-item]
URL = "/api/v1/namespaces/shop/configmaps/a"


class MuteCluster:
    """A server with discovery of two kinds, that answers everything else with `answer`."""

    def __init__(self, server: TlsServer) -> None:
        self.server = server
        self.answer: tls_server.Answer = tls_server.as_json(LIVE)
        self.kinds = {"configmaps": "ConfigMap", "namespaces": "Namespace"}
        server.answer = self._answer

    @property
    def request(self) -> Request:
        """The last request that was not discovery."""
        return next(one for one in reversed(self.server.requests) if len(one.path) > 5)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.request.path).query)

    def _answer(self, exchange: Exchange) -> None:
        if exchange.request.path not in ("/api", "/apis"):
            self.answer(exchange)
            return
        resources = [
            {"resource": name, "responseKind": {"kind": kind}, "scope": scope, "verbs": []}
            for (name, kind), scope in zip(
                self.kinds.items(), ("Namespaced", "Cluster"), strict=False
            )
        ]
        versions = [{"version": "v1", "resources": resources}]
        items = [{"metadata": {}, "versions": versions}] if exchange.request.path == "/api" else []
        tls_server.as_json({"kind": "APIGroupDiscoveryList", "items": items})(exchange)
