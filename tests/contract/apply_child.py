"""A run of federation.apply in a process of its own, to be killed at a named step.

Called as `python -m tests.contract.apply_child` with a JSON of its arguments on stdin. Its
journal is a file, rewritten at each call, as a database would keep it.
"""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from projects import faults
from tests.contract.apply_world import make_world
from tests.fakes.journal import MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from federation.engine.inventory import Entry, Inventory
    from projects.kube.refs import ObjectRef


class FileJournal(MemoryJournal):
    """A journal that survives its process."""

    path: Path

    def claim(self, refs: Sequence[ObjectRef]) -> None:
        super().claim(refs)
        self._keep()

    def applied(self, entries: Sequence[Entry]) -> None:
        super().applied(entries)
        self._keep()

    def forget(self, refs: Sequence[ObjectRef]) -> None:
        super().forget(refs)
        self._keep()

    def _keep(self) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(self.inventory))
        fresh.rename(self.path)


def kept(path: Path) -> Inventory:
    """Read what a journal file holds."""
    found: Inventory = pickle.loads(path.read_bytes())  # noqa: S301 - written by this test
    return found


def main() -> None:
    given = json.load(sys.stdin)
    world = make_world(
        SimpleNamespace(kubeconfig=given["kubeconfig"]), namespace=given["namespace"]
    )
    world.owner = replace(world.owner, uid=given["owner_uid"])
    journal = FileJournal(owner_uid=given["owner_uid"])
    journal.path = Path(given["journal"])
    journal.inventory = kept(journal.path)
    world.journal = journal
    faults.arm(given["crash_file"])
    world.run(given["manifests"])


if __name__ == "__main__":
    main()
