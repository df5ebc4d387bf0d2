"""Commands of the hub run in this process, and hubs of their own run by real child processes.

`run` gives what a person would see: exit code, stdout, stderr. `Hub` is an installation in a
folder, with an environment that knows nothing of the suite's; its commands are `manage.py` as an
operator calls it.
"""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.core.management.base import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything a person could have seen."""
        return self.out + self.err


def run(*arguments: str, stdin: str = "") -> Ran:
    """Run a command in this process, on the test's database."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    code = 0
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except CommandError as error:  # how argparse's usage errors arrive when there is no shell
        code = 2
        err.write(str(error))
    finally:
        sys.stdin = before
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())


def ok(*arguments: str, stdin: str = "") -> str:
    """Run a command that must end well, and give its stdout."""
    ran = run(*arguments, stdin=stdin)
    assert ran.code == 0, ran.said
    return ran.out


@dataclass(slots=True, kw_only=True)
class Hub:
    """An installation in a folder."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def env_file(self) -> Path:
        return self.folder / "conf" / "slipway.env"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONWARNINGS": "error::ResourceWarning",
            "SLIPWAY_ENV_FILE": str(self.env_file),
            "SLIPWAY_DATA_DIR": str(self.data),
            "SLIPWAY_LOG_LEVEL": "ERROR",
            **self.more,
        }

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command and wait for its end."""
        done = subprocess.run(
            [sys.executable, str(MANAGE), *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that must end well, and give its stdout."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.code == 0, ran.said
        return ran.out

    def start(self, *arguments: str, log: Path) -> subprocess.Popen[str]:
        """Start a command that goes on; whoever starts it ends it."""
        with log.open("w") as sink:
            return subprocess.Popen(
                [sys.executable, str(MANAGE), *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
            )
