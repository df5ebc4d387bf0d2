"""Makes file trees for the tests of rendering: text is a file, a Link is a symbolic link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops.tree import FileTree, TreeLimits

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link with this target, as a hostile or thoughtless commit has them."""

    target: str


def make(root: Path, files: dict[str, str | bytes | Link]) -> FileTree:
    """Write files below a directory and open it as a tree."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    root.mkdir(parents=True, exist_ok=True)
    return FileTree(root, limits=TreeLimits())


def config_map(name: str, **data: str) -> str:
    """The shortest manifest there is."""
    lines = "".join(f'  {key}: "{value}"\n' for key, value in data.items())
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
        f"{'data:' if data else ''}\n{lines}"
    )
