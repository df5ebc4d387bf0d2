"""What the demo says while it works: one line per step, with the seconds since it began.

In: sentences. Out: lines on standard output, at once, because people and scripts wait for them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGAN = time.monotonic()
_INDENT = " " * 9


def step(text: str) -> None:
    """Say what happens now."""
    print(f"[{time.monotonic() - _BEGAN:4.0f} s] {text}", flush=True)


def detail(text: str) -> None:
    """Say more about the last step."""
    for line in text.splitlines():
        print(f"{_INDENT}{line}".rstrip(), flush=True)


def page(text: str) -> None:
    """Print a text as it is."""
    print(text, flush=True)


def shown(path: Path) -> str:
    """A path as the reader would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Align rows; the first one is the heading."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "   ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
