"""Which Python files the architecture tests look at: all that people wrote.

Migrations are written by Django and golden files are data; neither is read from top to bottom.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("config", "projects", "gitops", "federation", "scripts", "benchmarks", "tests")


def paths() -> tuple[str, ...]:
    """Return the files, relative to the root, in order."""
    found = [ROOT / "manage.py"]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*.py")
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return tuple(
        name
        for name in names
        if "/migrations/" not in name and not name.startswith("tests/golden/")
    )
