"""The kubectl of the running environment, and programs of our own to put in its place."""

from __future__ import annotations

import stat
import sys
import sysconfig
from pathlib import Path

KUBECTL = Path(sysconfig.get_path("scripts")) / "kubectl"


def program(directory: Path, script: str) -> Path:
    """Write a Python program that can be run in the place of kubectl."""
    path = directory / "kubectl"
    path.write_text(f"#!{sys.executable} -I\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
