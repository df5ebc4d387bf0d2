"""The anticipated errors of Slipway: seven kinds, answering whose fault it is and whether to try
again.

Every room raises these or leaf classes of them; anything else is a bug and is left to crash. A leaf
is defined in the module that raises it. Errors know no HTTP code: the doors map kinds to codes. A
message is for people and never holds a secret; a reason is PascalCase, stable, and for machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from projects.kube.refs import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One detail of an error: the field it concerns, a machine reason, a sentence."""

    message: str
    field: str = ""
    reason: str = ""


class DomainError(Exception):
    """An anticipated error; raise one of its kinds, never itself."""

    default_reason: ClassVar[str] = "InternalError"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        ref: ObjectRef | None = None,
        causes: tuple[Cause, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.ref = ref
        self.causes = causes


class Invalid(DomainError):
    """The user's text or repository is wrong; nothing helps until it changes."""

    default_reason = "Invalid"


class Denied(DomainError):
    """The actor may see the thing but not do this to it."""

    default_reason = "Denied"


class NotFound(DomainError):
    """Not there, or not visible to the actor; the two are never told apart."""

    default_reason = "NotFound"


class AlreadyExists(DomainError):
    """The name is taken."""

    default_reason = "AlreadyExists"


class Conflict(DomainError):
    """Someone else wrote or owns it; read again and try once."""

    default_reason = "Conflict"


class Expired(DomainError):
    """The resourceVersion is older than what is kept; list again."""

    default_reason = "Expired"


class Unavailable(DomainError):
    """Network, 5xx, 429 or a lease held elsewhere; try again after a while.

    retry_after is in seconds, when the other side named one.
    """

    default_reason = "Unavailable"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        ref: ObjectRef | None = None,
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, reason=reason, ref=ref, causes=causes)
        self.retry_after = retry_after
