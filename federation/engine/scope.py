"""Where a source may write on a member cluster, judged by what the cluster says a kind is.

In: a ref and whether discovery calls its kind namespaced. Out: nothing, or the sentence that
refuses it. Whether a kind is cluster-scoped is never read from metadata.namespace, which anybody
may write (CVE-2019-11247). An empty list allows nothing. gitops.render.validate judges the same
text earlier, without a cluster to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from projects.errors import Invalid
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef


class ScopeViolation(Invalid):
    """An object lies where the project may not write."""

    default_reason: ClassVar[str] = Reason.SCOPE_VIOLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The namespaces and the cluster-scoped kinds ("Kind" or "Kind.group") a project may touch."""

    namespaces: frozenset[str]
    cluster_kinds: frozenset[str] = frozenset()

    def refusal(self, ref: ObjectRef, *, namespaced: bool) -> str:
        """Say why the object is out of scope; "" when it is within."""
        if not namespaced:
            names = {ref.kind, f"{ref.kind}.{ref.group}"} if ref.group else {ref.kind}
            if names & self.cluster_kinds:
                return ""
            return f"{ref.kind} is cluster-scoped and not among the kinds allowed to this project"
        if ref.namespace in self.namespaces:
            return ""
        allowed = ", ".join(sorted(self.namespaces)) or "none"
        where = f"namespace {ref.namespace}" if ref.namespace else "no namespace"
        return f"{where} is outside the project; allowed: {allowed}"
