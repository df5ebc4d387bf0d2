"""S-03: the Python git library is a fixed one, stays in one room, and never speaks to a network."""

from __future__ import annotations

import ast
import importlib.metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_library_has_all_published_fixes() -> None:
    version = importlib.metadata.version("GitPython")

    assert tuple(int(part) for part in version.split(".")[:3]) >= (3, 1, 58)


def test_the_library_is_imported_by_the_history_of_mirrors_only() -> None:
    importing = []
    for package in ("config", "projects", "gitops", "federation"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                if {"git", "gitdb", "dulwich", "pygit2"} & {name.split(".")[0] for name in names}:
                    importing.append(path.relative_to(ROOT).as_posix())

    assert sorted(set(importing)) == ["gitops/git/history.py"]


def test_the_library_is_given_ids_and_no_command() -> None:
    """All it may be asked is to look up objects: `repository.git.<command>` is a process."""
    source = (ROOT / "gitops/git/history.py").read_text(encoding="utf-8")

    called = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "git"
    }
    assert called == {"update_environment"}
