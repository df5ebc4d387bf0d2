"""Read what a cluster says when it does not do what it was asked.

In: an HTTP status and the decoded body. Out: one leaf of errors.py. A body is trusted only when its
kind is Status; its text is clipped and control characters are escaped, because another system wrote
it and it ends up in statuses, events and logs. Of an answer about a Secret only the reason and the
fields are kept: API servers quote the values they refuse (security.md S-37, CVE-2025-23216).

Codes and reasons are apimachinery's (pkg/api/errors); words are matched only where it gives no
reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from federation.member.errors import (
    SLOW_RETRY,
    AdmissionDenied,
    ApplyConflict,
    ClusterError,
    Forbidden,
    ImmutableField,
    ListExpired,
    ManagedField,
    NamespaceNotReady,
    NotServed,
    ObjectExists,
    ObjectNotFound,
    OtherObject,
    Rejected,
    Terminating,
    Throttled,
    Unauthorized,
    WriteConflict,
)
from projects.errors import Cause, DomainError, Unavailable
from projects.kube import masking

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef

TEXT_LIMIT = 256
_CAUSES_KEPT = 20

# A webhook and a ValidatingAdmissionPolicy each name themselves only in the sentence.
_WEBHOOK = re.compile(r'admission webhook "(?P<name>[^"]{1,253})" denied')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']{1,253})'.* denied request")
_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]{1,128})"')
# A manifest that does not fit the schema. Both come as a 500 though no retry helps: the API server
# wraps these errors without a status (apimachinery managedfields/internal/structuredmerge.go).
_UNFIT = re.compile(r"failed to create typed patch object|failed to convert new object")
_TYPED_FIELD = re.compile(r"(?:\): |\n\s*)(?P<field>\.[^\s:]{1,200}): ")
# The plain and the dry-run storage word it differently (apiserver pkg/storage, registry/generic).
_UID = re.compile(r"UID in (?:the )?precondition")
# kubectl only looks for 422; these are the words the built-in kinds, CEL rules and webhooks use
# (fluxcd/pkg ssa/errors/immutable.go; k8s.io/kubernetes pkg/apis/*/validation).
_IMMUTABLE = re.compile(
    r"is immutable|immutable field|may not be changed|may not change once set"
    r"|updates to statefulset spec for fields other than"
)
_BY_CODE: dict[int, type[DomainError]] = {
    400: Rejected,
    401: Unauthorized,
    403: Forbidden,
    404: ObjectNotFound,
    405: Rejected,
    409: WriteConflict,
    410: ListExpired,
    413: Rejected,
    422: Rejected,
    429: Throttled,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Status:
    """The parts of metav1.Status that are used, each already of the right type."""

    code: int
    reason: str
    message: str
    kind: str
    name: str
    causes: tuple[Cause, ...]
    retry_after: float | None

    @classmethod
    def read(cls, code: int, body: Any) -> _Status | None:
        if not isinstance(body, dict) or body.get("kind") != "Status":
            return None
        details = body.get("details")
        details = details if isinstance(details, dict) else {}
        causes = details.get("causes")
        causes = causes if isinstance(causes, list) else []
        return cls(
            code=code,
            reason=_text(body.get("reason")),
            message=_text(body.get("message")),
            kind=_text(details.get("kind")),
            name=_text(details.get("name")),
            causes=tuple(_cause(one) for one in causes[:_CAUSES_KEPT] if isinstance(one, dict)),
            retry_after=seconds(details.get("retryAfterSeconds")),
        )

    def has_cause(self, reason: str) -> bool:
        return any(cause.reason == reason for cause in self.causes)


def from_status(
    code: int,
    body: Any,
    ref: ObjectRef | None,
    *,
    verb: str = "",
    retry_after: float | None = None,
) -> DomainError:
    """Turn an answer that is not a success into the leaf error it means."""
    status = _Status.read(code, body)
    if status is None:
        leaf, detail, causes = _untrusted(code)
    else:
        leaf = _leaf(status, ref)
        secret = ref is not None and (ref.group, ref.kind) == ("", "Secret")
        causes = _causes(status, leaf, secret=secret)
        detail = _withheld(status, causes) if secret else clip(status.message or status.reason)
        if leaf is AdmissionDenied:
            detail = _denier(status) if secret else f"{_denier(status)}: {detail}"
        retry_after = status.retry_after if retry_after is None else retry_after
    subject = str(ref) if ref is not None else "the cluster"
    message = f"{subject} {_phrase(leaf, verb)}: {detail or f'HTTP {code}'}"
    if issubclass(leaf, Unavailable):
        return leaf(message, ref=ref, causes=causes, retry_after=retry_after)
    return leaf(message, ref=ref, causes=causes)


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """Make another system's text fit to show: short, one line, nothing that a terminal obeys."""
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in masking.scrub(text[: 4 * limit])
    )
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def seconds(value: Any) -> float | None:
    """Read a Retry-After in seconds, capped; its date form would trust another clock."""
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return float(min(found, SLOW_RETRY)) if found > 0 else None


def _untrusted(code: int) -> tuple[type[DomainError], str, tuple[Cause, ...]]:
    """Judge an answer without a Status by its number alone; what it says is not repeated."""
    if code == 401:
        return Unauthorized, "HTTP 401", ()
    if code == 404:
        return NotServed, "HTTP 404 without a Kubernetes Status", ()
    if code == 429:
        # The API server's own overload answer is plain text (apiserver filters/maxinflight.go).
        return Throttled, "HTTP 429", ()
    if 300 <= code < 400:
        return ClusterError, f"HTTP {code}, and redirects are not followed", ()
    return ClusterError, f"HTTP {code} without a Kubernetes Status", ()


def _leaf(status: _Status, ref: ObjectRef | None) -> type[DomainError]:
    """Choose the leaf; the order matters, since several rules share a code."""
    text = status.message
    if status.code == 403 and (
        status.has_cause("NamespaceTerminating") or "because it is being terminated" in text
    ):
        return NamespaceNotReady
    # `kind` is a resource name here. A missing namespace is only meant if none was asked for.
    if status.code == 404 and status.kind == "namespaces" and (ref is None or ref.namespace):
        return NamespaceNotReady
    if status.code == 404 and not status.name:
        return NotServed  # "could not find the requested resource": the kind, not the object
    if _WEBHOOK.search(text) or _POLICY.search(text):
        return AdmissionDenied
    if status.code in (403, 409, 422) and _IMMUTABLE.search(text):
        return ImmutableField
    if status.code == 409:
        return _conflict(status)
    if status.code == 500 and _UNFIT.match(text):
        return Rejected
    return _BY_CODE.get(status.code, ClusterError)


def _conflict(status: _Status) -> type[DomainError]:
    if status.has_cause("FieldManagerConflict"):
        return ApplyConflict
    if status.reason == "AlreadyExists":
        return Terminating if "object is being deleted" in status.message else ObjectExists
    if _UID.search(status.message):
        return OtherObject
    return WriteConflict


def _causes(status: _Status, leaf: type[DomainError], *, secret: bool) -> tuple[Cause, ...]:
    found = status.causes
    if not found and (match := _TYPED_FIELD.search(status.message)) and leaf is Rejected:
        found = (Cause(field=clip(match["field"]), message=clip(status.message)),)
    if secret:
        found = tuple(_without_text(cause) for cause in found)
    return found


def _cause(data: dict[str, Any]) -> Cause:
    message, field, reason = (_text(data.get(key)) for key in ("message", "field", "reason"))
    shown = {"message": clip(message), "field": clip(field), "reason": clip(reason)}
    if reason != "FieldManagerConflict":
        return Cause(**shown)
    match = _MANAGER.search(message)
    return ManagedField(**shown, manager=clip(match["manager"]) if match else "")


def _without_text(cause: Cause) -> Cause:
    """Keep field, reason and manager of a cause about a Secret, never its sentence."""
    if isinstance(cause, ManagedField):
        text = f'conflict with "{cause.manager}"'
        return ManagedField(
            message=text, field=cause.field, reason=cause.reason, manager=cause.manager
        )
    return Cause(message=cause.reason or "withheld", field=cause.field, reason=cause.reason)


def _withheld(status: _Status, causes: tuple[Cause, ...]) -> str:
    fields = ", ".join(dict.fromkeys(cause.field for cause in causes if cause.field))
    reason = clip(status.reason) or f"HTTP {status.code}"
    return clip(f"{reason} (field {fields})") if fields else reason


def _denier(status: _Status) -> str:
    match = _WEBHOOK.search(status.message) or _POLICY.search(status.message)
    return clip(match["name"]) if match else ""


def _phrase(leaf: type[DomainError], verb: str) -> str:
    if issubclass(leaf, AdmissionDenied):
        return "denied by"
    if issubclass(leaf, Rejected):
        return "rejected"
    if leaf is Forbidden:
        return f"{verb or 'request'} forbidden"
    return f"{verb or 'request'} failed"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
