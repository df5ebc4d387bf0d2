"""What was tried and not let is in the audit trail too (S-60)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import ledger
from projects.models import AuditEntry
from tests.integration import world as worlds

if TYPE_CHECKING:
    from tests.integration.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return worlds.build()


def test_a_denied_write_is_written_down_with_who_and_what(world: World) -> None:
    answer = world.client("viewer").delete("/api/v1/projects/team/sources/web")

    entry = AuditEntry.objects.latest("id")
    assert answer.status_code == 403
    assert (entry.actor, entry.allowed, entry.project) == ("viewer", False, "team")
    assert (entry.verb, entry.name) == ("DELETE (denied)", "/api/v1/projects/team/sources/web")
    assert ledger.verify()[1] is None


def test_a_denied_write_is_seen_by_the_project(world: World) -> None:
    world.client("viewer").delete("/api/v1/projects/team/sources/web")

    newest = world.client("admin").get("/api/v1/projects/team/audit").json()["items"][0]

    assert (newest["actor"], newest["allowed"]) == ("viewer", False)


def test_what_is_not_seen_leaves_no_trace_in_its_trail(world: World) -> None:
    before = AuditEntry.objects.filter(project="team").count()

    answer = world.client("stranger").delete("/api/v1/projects/team/sources/web")

    assert answer.status_code == 404
    assert AuditEntry.objects.filter(project="team").count() == before
