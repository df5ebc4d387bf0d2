"""AppConfig of federation; connects the receivers that turn wake-ups into tasks."""

from __future__ import annotations

from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "federation"
    verbose_name = "Federation"

    def ready(self) -> None:
        from federation import receivers

        receivers.connect()
