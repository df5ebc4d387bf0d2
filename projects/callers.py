"""Who calls by HTTP: the actor behind a request, with what the audit trail keeps of the call.

In: a Django request whose user is known. Out: an Actor with the user's groups of this moment, the
address the call came from and its request id. Both doors, admin and REST, use it, so that the audit
trail says the same of either. X-Forwarded-For is not read: whoever calls can write it.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from typing import TYPE_CHECKING, Any

from projects import access

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from projects.access import Actor

# As long as the audit trail's column.
LONGEST_REQUEST_ID = 64
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
_KEPT = "_slipway_request_id"


def actor_of(request: HttpRequest | Request, *, via: str, **limits: Any) -> Actor:
    """Return the actor behind a request; limits are those of the token it came with."""
    return access.of_user(
        request.user,
        via=via,
        source_ip=_source_ip(request),
        request_id=request_id(request),
        **limits,
    )


def request_id(request: HttpRequest | Request) -> str:
    """Return the caller's X-Request-ID, bounded and printable, or one made for this request."""
    found: str | None = getattr(request, _KEPT, None)
    if found is None:
        given = _UNPRINTABLE.sub("", request.headers.get("X-Request-ID", ""))
        found = given[:LONGEST_REQUEST_ID] or uuid.uuid4().hex
        setattr(request, _KEPT, found)
    return found


def _source_ip(request: HttpRequest | Request) -> str | None:
    # Empty behind a Unix socket; a zone (fe80::1%eth0) means nothing elsewhere.
    text = str(request.META.get("REMOTE_ADDR", "")).partition("%")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
