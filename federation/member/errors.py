"""What a member cluster answered, or failed to answer, as errors of this project.

Each leaf's kind says whether to try again: Invalid not before the manifest changes, Unavailable
after a while. Which answer becomes which leaf is decided in answers.py, which network fault in
transport.py. Nothing here knows HTTP libraries or KubeFed's words (federation.engine).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from projects.errors import (
    AlreadyExists,
    Cause,
    Conflict,
    Denied,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef

# Waiting longer than this helps nobody, whatever Retry-After says; also the pace at which a refused
# credential is tried again, so that an account is not locked by our insistence.
SLOW_RETRY = 900.0


class AccessInvalid(Invalid):
    """The kubeconfig, URL or key material is not one we would use; `field` names the place."""

    default_reason = Reason.CLUSTER_CONFIG_MALFORMED

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}", causes=(Cause(field=field, message=problem),))
        self.field = field


class ClusterUnreachable(Unavailable):
    """No connection, no answer in time, or an answer that broke off; a write may have happened."""

    default_reason = Reason.CLUSTER_UNREACHABLE


class DeadlineExceeded(Unavailable):
    """The caller's own time was up; says nothing about the cluster."""

    default_reason = Reason.DEADLINE_EXCEEDED


class ClusterError(Unavailable):
    """An answer no Kubernetes API gives, or its own internal error."""

    default_reason = Reason.CLUSTER_ERROR


class NotServed(ClusterError):
    """404 that names no object: the kind is unknown, or this is no API server. Proof of nothing."""


class Throttled(Unavailable):
    """429: the cluster asked for fewer requests."""

    default_reason = Reason.THROTTLED


class NamespaceNotReady(Unavailable):
    """The namespace is missing, or is being deleted."""

    default_reason = Reason.NAMESPACE_NOT_READY


class Terminating(Unavailable):
    """The object is being deleted and its name is not free yet."""

    default_reason = Reason.DELETION_PENDING


class _SlowlyRetried(Unavailable):
    """Only a person changes this, but not always in our database: look again, rarely."""

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        ref: ObjectRef | None = None,
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        wait = SLOW_RETRY if retry_after is None else retry_after
        super().__init__(message, reason=reason, ref=ref, causes=causes, retry_after=wait)


class Unauthorized(_SlowlyRetried):
    """401: the credential is not accepted (any more)."""

    default_reason = Reason.UNAUTHORIZED


class TLSVerifyFailed(_SlowlyRetried):
    """The certificate is not one for this name signed by the cluster's CA."""

    default_reason = Reason.TLS_VERIFY_FAILED


class AddressNotAllowed(_SlowlyRetried):
    """The server's name leads to an address that is never called."""

    default_reason = Reason.ADDRESS_NOT_ALLOWED


class Forbidden(Denied):
    """403: the credential lacks a right."""

    default_reason = Reason.FORBIDDEN


class Rejected(Invalid):
    """The cluster will not take this manifest, however often it is sent."""

    default_reason = Reason.REJECTED


class ImmutableField(Rejected):
    """The change touches a field that is fixed once the object exists."""

    default_reason = Reason.IMMUTABLE_FIELD


class AdmissionDenied(Rejected):
    """A webhook or policy of the cluster said no."""

    default_reason = Reason.ADMISSION_DENIED


class ObjectNotFound(NotFound):
    """404 from the API: the object is not there."""


class ObjectExists(AlreadyExists):
    """409: the name is taken."""


class WriteConflict(Conflict):
    """409: the object changed in between."""


class OtherObject(WriteConflict):
    """409: the name belongs to an object with another uid than the one that was meant."""


class ListExpired(Expired):
    """410: the version or continue token is too old; list from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedField(Cause):
    """A field that another field manager owns."""

    manager: str


class ApplyConflict(Conflict):
    """Other managers own fields of the manifest, and force was off."""

    default_reason = Reason.FIELD_CONFLICT

    @property
    def managed(self) -> tuple[ManagedField, ...]:
        return tuple(cause for cause in self.causes if isinstance(cause, ManagedField))
