"""Making, using and revoking API tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from projects import ledger
from projects.errors import Denied
from projects.models import ApiToken, Project
from projects.operations import naming

if TYPE_CHECKING:
    from projects.access import Actor

PREFIX = "slw_"
_USE_NOTED_EVERY = timedelta(minutes=1)


@ledger.operation()
def create(
    *,
    user: Any,
    name: str,
    actor: Actor,
    now: datetime,
    scope: str = ApiToken.Scope.READ,
    project: Project | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for a user and return it with its text, which is shown this once.

    Raises: Denied when it is for somebody else or the actor came with a limited token, Invalid.
    """
    _require_unlimited(actor)
    if actor.name != user.get_username() and not actor.is_platform_admin:
        raise Denied("a token can be made for oneself only")
    if scope not in ApiToken.Scope.values:
        raise naming.invalid("scope", f"{scope!r} is not one of {', '.join(ApiToken.Scope.values)}")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name,
        scope=scope,
        project=project,
        expires_at=expires_at,
        prefix=text[:10],
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    token.save(force_insert=True)
    _record(token, "create-token", actor=actor, now=now)
    return token, text


@ledger.operation()
def revoke(*, token: ApiToken, actor: Actor, now: datetime) -> None:
    """End a token; the next request with it is refused.

    Raises: Denied when it is somebody else's or the actor came with a limited token.
    """
    _require_unlimited(actor)
    if actor.name != token.user.get_username() and not actor.is_platform_admin:
        raise Denied("only one's own tokens can be revoked")
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        _record(token, "revoke-token", actor=actor, now=now)


def find(text: str, *, now: datetime) -> ApiToken | None:
    """The valid token behind a text; None if unknown, expired, revoked, or its user is inactive."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    token = ApiToken.objects.select_related("user").filter(digest=digest, revoked_at=None).first()
    if token is None or not token.user.is_active:
        return None
    if token.expires_at is not None and token.expires_at <= now:
        return None
    return token


def used(*, token: ApiToken, now: datetime) -> None:
    """Note the use of a token, at most once a minute: a read must not wait for the write lock."""
    if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
        with ledger.operation():
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _require_unlimited(actor: Actor) -> None:
    """A token limited by scope or project could shake off its limits by making another."""
    if actor.scope != ApiToken.Scope.WRITE or actor.only_project is not None:
        raise Denied("a token limited by scope or project can neither make nor revoke tokens")


def _record(token: ApiToken, verb: str, *, actor: Actor, now: datetime) -> None:
    ledger.acted(
        actor=actor,
        verb=verb,
        kind="ApiToken",
        name=str(token),
        now=now,
        project=token.project.name if token.project else "",
        details={"user": token.user.get_username(), "scope": token.scope},
    )
