"""How the REST API answers errors: one shape, a code for each kind, nothing of a bug."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIRequestFactory, force_authenticate

from projects.api import errors
from projects.api.doors import Door
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
from tests.integration import world as worlds

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (Invalid("no"), 422, "Invalid"),
        (Denied("no"), 403, "Denied"),
        (NotFound("no"), 404, "NotFound"),
        (AlreadyExists("no"), 409, "AlreadyExists"),
        (Conflict("no", causes=(Cause(field="a", message="b"),)), 409, "Conflict"),
        (Expired("no"), 410, "Expired"),
        (Unavailable("no"), 503, "Unavailable"),
    ],
)
def test_each_kind_of_error_has_its_code(error: DomainError, code: int, kind: str) -> None:
    answer = errors.handle(error, {})

    assert answer.status_code == code
    assert answer.data["error"]["kind"] == kind
    assert answer.data["error"]["message"] == "no"
    assert len(answer.data["error"]["causes"]) == len(error.causes)


@pytest.mark.parametrize(("named", "said"), [(None, "10"), (2.2, "3"), (60.0, "60")])
def test_unavailable_says_when_to_come_again(named: float | None, said: str) -> None:
    answer = errors.handle(Unavailable("busy", retry_after=named), {})

    assert answer["Retry-After"] == said


class Broken(Door):
    """A view with a bug in it."""

    def get(self, _request: Any) -> Any:
        raise RuntimeError("the password is hunter2")


def test_a_bug_is_a_500_with_its_request_id_and_no_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = APIRequestFactory().get("/", headers={"X-Request-ID": "bug-1"})
    force_authenticate(request, worlds.person("someone"))

    answer = Broken.as_view()(request)

    assert answer.status_code == 500
    assert "bug-1" in answer.data["error"]["message"]
    assert "hunter2" not in str(answer.data)
    assert "bug-1" in caplog.text
