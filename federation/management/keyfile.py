"""The settings file of an installation: written once with fresh keys, readable by its owner alone.

In: the path and which keys are missing. Out: the file. It is never changed afterwards, because its
keys open what the database seals: whoever loses them loses every stored credential.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from projects import crypto
from projects.errors import AlreadyExists, Unavailable

_HEAD = """\
# Settings of this Slipway installation, made by `manage.py init`. The environment wins over it.
# SLIPWAY_ENCRYPTION_KEYS opens the secrets in the database: keep a copy apart from it.
"""
_MAKERS = {
    "SLIPWAY_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "SLIPWAY_ENCRYPTION_KEYS": crypto.generate_key,
}


class KeyFileExists(AlreadyExists):
    """There is a file, and it lacks a key."""

    default_reason = "KeyFileExists"


class KeyFileNotWritten(Unavailable):
    """The file system refused."""

    default_reason = "KeyFileNotWritten"


def write(path: Path, *, missing: list[str]) -> None:
    """Make the file with fresh values for the missing keys.

    Raises: KeyFileExists, KeyFileNotWritten.
    """
    text = _HEAD + "".join(f"{name}={_MAKERS[name]()}\n" for name in missing)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _place(path, text)
    except FileExistsError as error:
        raise KeyFileExists(
            f"{path} exists and {' and '.join(missing)} is empty (there or in the environment); an "
            "existing file is never changed: add what is missing by hand, or move the file away"
        ) from error
    except OSError as error:
        raise KeyFileNotWritten(f"cannot write {path}: {error.strerror}") from error


def _place(path: Path, text: str) -> None:
    """All or nothing: linked into place when complete; the kernel refuses a name that is taken."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".slipway-", suffix=".env")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp makes it 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    finally:
        Path(name).unlink()
