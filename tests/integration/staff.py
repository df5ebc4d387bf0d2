"""A superuser at the admin, for tests of what its forms and actions do."""

from __future__ import annotations

from typing import Any

from django.test import Client

from projects.models import AuditEntry
from tests.integration import world as worlds


class Staff:
    """Somebody called boss who sends forms and follows redirects."""

    def __init__(self) -> None:
        self.client = Client()
        self.client.force_login(worlds.person("boss", is_staff=True, is_superuser=True))

    def post(self, page: str, /, **data: Any) -> Any:
        """Send a form to a page below /admin/."""
        return self.client.post(f"/admin/{page}", data, follow=True)


def acts() -> list[str]:
    """What the boss did, as the audit trail has it."""
    rows = AuditEntry.objects.filter(via="admin").order_by("id")
    assert all(row.actor == "boss" and row.source_ip == "127.0.0.1" for row in rows)
    return [f"{row.verb} {row.kind} {row.name}" for row in rows]


def errors(answer: Any) -> str:
    """All that a form complains of."""
    return str(answer.context["errors"])


def messages(answer: Any) -> str:
    """All that was said above the page."""
    return " | ".join(str(message) for message in answer.context["messages"])


def act_on(*rows: Any, action: str, **more: Any) -> dict[str, Any]:
    """Choose rows and an action of a change list."""
    return {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
