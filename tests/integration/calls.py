"""Calls of the REST API as a platform admin, for tests of what it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.world import World


def send(world: World, method: str, path: str, body: Any) -> Any:
    """Send a JSON body, in ASCII, so that whatever JSON can spell gets there; None sends none."""
    text = "" if body is None else json.dumps(body)
    return world.client("platform").generic(
        method.upper(), f"/api/v1/{path}", text, content_type="application/json"
    )


def refused(answer: Any) -> list[str]:
    """The fields that a 422 complains of."""
    assert answer.status_code == 422, answer.content
    error = answer.json()["error"]
    assert error["kind"] == "Invalid"
    return [cause["field"] for cause in error["causes"]]
