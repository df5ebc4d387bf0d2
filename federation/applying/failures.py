"""Make one error of the many that the objects of a run met.

In: failures, each with its object and the place in the repository it was written. Out: one error of
the kind that decides what happens next: if anything may pass by itself, the whole is tried again.
Messages name file, line and object. Values of Secrets are taken out of every text, since a webhook
may quote any object of the run (security.md S-37).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from projects.errors import (
    AlreadyExists,
    Cause,
    Conflict,
    Denied,
    DomainError,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.kube import manifest as manifests
from projects.kube import masking
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from federation.engine.plan import Desired
    from projects.kube.refs import ObjectRef

_SHOWN = 5
# The first that fits is what the whole run is: what may pass by itself before what may not.
_KINDS: tuple[type[DomainError], ...] = (
    Unavailable,
    Conflict,
    Expired,
    Denied,
    NotFound,
    AlreadyExists,
    Invalid,
)


class PruneFailed(Unavailable):
    """Some objects could not be deleted; they stay in the inventory and are tried again."""

    default_reason: ClassVar[str] = Reason.PRUNE_FAILED


class PruneBlocked(Invalid):
    """So much would be deleted that a person has to confirm it."""

    default_reason: ClassVar[str] = Reason.PRUNE_BLOCKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One object that could not be brought to what it should be; place is file and line."""

    ref: ObjectRef
    error: DomainError
    place: str = ""

    @property
    def sentence(self) -> str:
        """Say it with place and object; most errors of the member room name it already."""
        said = self.error.message
        subject = str(self.ref)
        said = said if subject in said else f"{subject}: {said}"
        return f"{self.place}: {said}" if self.place else said


def gather(
    failures: Sequence[Failure], *, attempted: int, secrets: Iterable[str] = ()
) -> DomainError:
    """Make the one error of a run from those of its objects (at least one)."""
    values = tuple(secrets)
    kind = next(each for each in _KINDS if any(isinstance(one.error, each) for one in failures))
    first = next(one for one in failures if isinstance(one.error, kind))
    causes = tuple(
        Cause(
            message=masking.scrub(one.sentence, values),
            field=str(one.ref),
            reason=str(one.error.reason),
        )
        for one in failures
    )
    message = "; ".join(cause.message for cause in causes[:_SHOWN])
    if len(failures) > 1:
        message = f"{len(failures)} of {attempted} objects failed: {message}"
    if len(failures) > _SHOWN:
        message += f"; and {len(failures) - _SHOWN} more"
    return _make(kind, message, first, causes, failures)


def prune_failed(failures: Sequence[Failure], *, attempted: int) -> PruneFailed:
    """Make the error of a run that could apply but not delete."""
    whole = gather(failures, attempted=attempted)
    return PruneFailed(whole.message, ref=whole.ref, causes=whole.causes)


def secret_values(desired: Iterable[Desired]) -> Iterator[str]:
    """List the values of every Secret of a run, to be taken out of texts."""
    for each in desired:
        if not manifests.is_secret(each.manifest):
            continue
        for field, decode in (("stringData", str), ("data", _decoded)):
            values = each.manifest.get(field)
            if isinstance(values, dict):
                yield from (decode(value) for value in values.values() if value is not None)


def _make(
    kind: type[DomainError],
    message: str,
    first: Failure,
    causes: tuple[Cause, ...],
    failures: Sequence[Failure],
) -> DomainError:
    reason = str(first.error.reason)
    if not issubclass(kind, Unavailable):
        return kind(message, reason=reason, ref=first.ref, causes=causes)
    asked = [
        one.error.retry_after
        for one in failures
        if isinstance(one.error, Unavailable) and one.error.retry_after is not None
    ]
    retry_after = max(asked, default=None)
    return kind(message, reason=reason, ref=first.ref, causes=causes, retry_after=retry_after)


def _decoded(value: object) -> str:
    text = str(value)
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return text
