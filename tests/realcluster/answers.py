"""One request to an apiserver, by the standard library alone.

In: a method, an address, a token. Out: the status code and the parsed body; status 0 when nobody
answered, for that is what tests of unreachable clusters wait for. This is the judge's own voice: it
shares nothing with federation.member, which is what is judged.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

ANSWER_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the apiserver said: the status code and the parsed body ({} when it was not JSON)."""

    status: int
    body: dict[str, Any]


def ask(
    method: str, address: str, *, token: str, context: ssl.SSLContext, body: object = None
) -> Answer:
    """Ask once, on a connection of its own."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPSConnection(parts.netloc, timeout=ANSWER_SECONDS, context=context)
    try:
        connection.request(
            method, path, body=None if body is None else json.dumps(body), headers=headers
        )
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException):
        return Answer(status=0, body={})
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return Answer(status=response.status, body=json.loads(raw) if is_json else {})
