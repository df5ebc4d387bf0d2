"""The fenced blocks of a page, so that what it tells people to type can be run as it stands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)


def blocks(page: str, *, info: str) -> tuple[str, ...]:
    """The texts of the blocks with an info string, in order, without their indentation."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return tuple(
        textwrap.dedent(match["text"]) for match in _FENCE.finditer(text) if match["info"] == info
    )
