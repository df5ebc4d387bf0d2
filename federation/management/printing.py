"""Rows as aligned tables for people and as JSON for programs.

In: frozen dataclasses from the query rooms, and columns. Out: text. Texts from repositories and
clusters reach a terminal only through `cell`, which leaves no control character in them (S-40).
JSON has every field of the value, tables those that fit a line.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from projects.kube import masking
from projects.kube.conditions import timestamp

if TYPE_CHECKING:
    import argparse

LONGEST_CELL = 500
_GAP = "   "

Columns = Mapping[str, Callable[[Any], Any]]


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare -o, which everything that reads has."""
    parser.add_argument(
        "-o",
        "--output",
        choices=("table", "json"),
        default="table",
        help="how to print it (default: table)",
    )


def rows(found: Sequence[Any], columns: Columns, *, output: str) -> str:
    """Print values as -o asks."""
    return as_json(found) if output == "json" else table(found, columns)


def table(found: Iterable[Any], columns: Columns) -> str:
    """Print an aligned table with a heading; the last column is not padded."""
    lines = [list(columns), *([cell(get(row)) for get in columns.values()] for row in found)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_json(value: Any) -> str:
    """Print a value made of dataclasses as JSON; times are RFC 3339 in UTC."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def cell(value: Any) -> str:
    """One value as a table shows it; "-" stands for nothing."""
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return timestamp(value)
        case Mapping():
            return cell(",".join(f"{key}={each}" for key, each in sorted(value.items())))
        case list() | tuple():
            return cell(",".join(str(each) for each in value))
    return masking.printable(str(value), limit=LONGEST_CELL) or "-"


def revision(name: str) -> str:
    """`main@sha1:<commit>` with the commit cut to what people read out to each other."""
    at, colon, commit = name.rpartition(":")
    return f"{at}{colon}{commit[:12]}"


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return timestamp(value)
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case None | bool() | int() | float() | str():
            return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return str(value)
