"""`manage.py worker`: fetch, render and apply until told to stop."""

from __future__ import annotations

from federation.management.cli import Command as Base
from federation.management.cli import Options
from federation.supervisor import Supervisor


class Command(Base):
    help = (
        "Work until SIGTERM: fetch repositories, render, bring commits to clusters. Any number of "
        "these may run, on several machines with one PostgreSQL. SLIPWAY_WORKERS says how many "
        "processes each has."
    )
    example = "manage.py worker"

    def run(self, options: Options) -> None:
        Supervisor(say=self.say).run()
