"""Values of the command line: texts in, values out; secrets from files and standard input only.

Functions named for a type are given to argparse, which turns their ValueError into exit code 2.
What is read later (files, standard input) raises Invalid naming the option. A secret value is never
an argument, because every user of the machine can read those.
"""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from projects.operations import naming

if TYPE_CHECKING:
    from collections.abc import Iterable

STDIN = "-"
WAIT_SECONDS = 300
# A Kubernetes Secret holds 1 MiB at most, and no kubeconfig is longer.
_LONGEST_TEXT = 1 << 20

_LABEL_KEY = re.compile(
    r"(?:[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_DURATION = re.compile(
    r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?"
)
_LONGEST_DURATION = timedelta(days=3650)


def label(text: str) -> tuple[str, str]:
    """KEY=VALUE as Kubernetes lets labels be."""
    key, equals, value = text.partition("=")
    if not equals or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a label: use KEY=VALUE, as in env=prod")
    return key, value


def key_path(text: str) -> tuple[str, Path]:
    """KEY=PATH of a file."""
    key, equals, path = text.partition("=")
    if not equals or not key or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=PATH, as in password=./password.txt")
    return key, Path(path)


def duration(text: str) -> timedelta:
    """A length of time: 90s, 30m, 1h30m, 2d."""
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a length of time: use 90s, 30m, 1h30m or 2d"
        )
    # Bounded before it is computed: a thousand digits are no length of time.
    parts = {
        unit: min(int(number[:12]), 10**8) for unit, number in match.groupdict().items() if number
    }
    found = timedelta(**parts)
    if not timedelta(0) < found <= _LONGEST_DURATION:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not between 1s and {_LONGEST_DURATION.days}d"
        )
    return found


def moment(text: str) -> datetime:
    """A point in time with its offset: 2027-01-31T18:00Z, 2027-01-31T18:00+01:00."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time with its offset: use 2027-01-31T18:00Z"
        )
    return found


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text[:12])


def add_wait(parser: argparse.ArgumentParser, *, until: str) -> None:
    """Declare --wait."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=positive,
        const=WAIT_SECONDS,
        help=f"wait until {until}, with progress on stderr; exit code 3 after SECONDS "
        f"(default {WAIT_SECONDS})",
    )


def add_limit(parser: argparse.ArgumentParser, *, default: int) -> None:
    """Declare --limit."""
    parser.add_argument(
        "--limit", type=positive, default=default, help=f"how many at most (default {default})"
    )


def labels(pairs: Iterable[tuple[str, str]] | None, *, field: str) -> dict[str, str]:
    """Labels as a mapping.

    Raises: Invalid when a key is there twice.
    """
    found: dict[str, str] = {}
    for key, value in pairs or ():
        if key in found:
            raise naming.invalid(field, f"{key!r} is given twice")
        found[key] = value
    return found


def read_text(path: str | Path, *, field: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises: Invalid naming the option.
    """
    try:
        if str(path) == STDIN:
            return _checked(sys.stdin.read(_LONGEST_TEXT + 1), field=field)
        with Path(path).open(encoding="utf-8", newline="") as file:
            return _checked(file.read(_LONGEST_TEXT + 1), field=field)
    except OSError as error:
        raise naming.invalid(field, f"cannot read {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise naming.invalid(field, f"{str(path)!r} is not UTF-8 text") from error


def read_value(*, field: str) -> str:
    """A secret value: standard input without its last line break, or typed unseen.

    Raises: Invalid naming the option.
    """
    text = getpass.getpass(f"{field}: ") if sys.stdin.isatty() else read_text(STDIN, field=field)
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise naming.invalid(field, "nothing came on standard input")
    return value


def _checked(text: str, *, field: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise naming.invalid(field, f"is longer than {_LONGEST_TEXT} characters")
    return text
