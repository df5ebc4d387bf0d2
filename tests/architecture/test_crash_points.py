"""Every crash point in the code is visited by the test that kills workers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.functional.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
_REACH = re.compile(r'faults\.reach\(f?"([a-z-]+)')


def test_every_step_a_worker_can_die_at_is_tried() -> None:
    packages = ("projects", "gitops", "federation")
    files = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    found = {name.rstrip("-") for path in files for name in _REACH.findall(path.read_text())}

    tried = {re.sub(r"-\d+$", "", step) for step in STEPS}

    assert found == tried
