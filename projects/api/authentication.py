"""Bearer tokens: `Authorization: Bearer slw_...` to a user, or 401.

In: the header as WSGI or ASGI gives it. Out: the user and the ApiToken, or AuthenticationFailed;
nothing a client can put into the header makes anything else of it. A request with the header is
judged by the header alone and never falls back to a session cookie (S-54). What the user may do is
not asked here: operations ask, with the Actor that `actor_of` makes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from projects import callers
from projects.operations import tokens

if TYPE_CHECKING:
    from rest_framework.request import Request

    from projects.access import Actor

VIA = "rest"
# 256 bits in URL-safe base64, as projects.operations.tokens makes them.
_HEADER = re.compile(rf"[Bb]earer +(?P<token>{tokens.PREFIX}[A-Za-z0-9_-]{{43}})")


class TokenAuthentication(BaseAuthentication):
    """Lets in whoever shows a token that is neither unknown, expired, revoked nor orphaned."""

    realm: ClassVar[str] = 'Bearer realm="slipway"'

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return (user, token), or None when there is no Authorization header.

        Raises: AuthenticationFailed.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        match = _HEADER.fullmatch(str(header))
        if match is None:
            raise AuthenticationFailed("want the header `Authorization: Bearer slw_...`")
        now = timezone.now()
        token = tokens.find(match["token"], now=now)
        if token is None:
            raise AuthenticationFailed("the token is unknown, expired or revoked")
        tokens.used(token=token, now=now)
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        """Name the scheme in WWW-Authenticate, which also makes the answer a 401."""
        return self.realm


def actor_of(request: Request) -> Actor:
    """Return the actor behind an authenticated REST request, limited as its token is."""
    token: Any = request.auth
    if token is None:
        return callers.actor_of(request, via=VIA)
    return callers.actor_of(
        request,
        via=VIA,
        scope=str(token.scope),
        only_project=token.project_id,
        token_id=token.pk,
    )
