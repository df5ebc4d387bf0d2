"""What git runs with: its environment, its configuration, its limits.

In: a Setting (where, until when, which protocols, which extra configuration). Out: the variables
and the argument prefix of a process. Nothing is inherited from our own environment, and no system
or user configuration is read; what git may do is written here and nowhere else. Nothing is started
here; see gitops.git.process.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from projects.errors import Unavailable
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/usr/local/bin:/usr/bin:/bin"
_HOME = "/nonexistent"

# The settings every git gets. Automatic maintenance is off because it leaves the process group.
_CONFIG = (
    ("core.symlinks", "false"),
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
    ("core.bigFileThreshold", "4m"),
    ("transfer.fsckObjects", "true"),
    ("transfer.bundleURI", "false"),
    ("protocol.file.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("submodule.recurse", "false"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("pack.threads", "1"),
)

# For systems without prlimit(1): set the limits, then become git. preexec_fn would do the same
# between fork and exec, which is not safe in a process with threads.
_EXEC = """
import json, os, resource, sys
for name, value in json.loads(sys.argv[1]).items():
    resource.setrlimit(getattr(resource, name), (value, value))
os.execv(sys.argv[2], sys.argv[2:])
"""


class GitNotStarted(Unavailable):
    """The git program is not there, or the machine could not start it."""

    default_reason = Reason.GIT_OPERATION_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLimits:
    """What the kernel and we hold git to."""

    file_bytes: int = 1 << 30  # the largest file it may write: in a mirror, one pack
    memory_bytes: int = 512 << 20
    output_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where git runs, until when (time.monotonic()), and with what."""

    directory: Path
    deadline: float
    is_repository: bool = False
    protocols: tuple[str, ...] = ()
    config: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    limits: ProcessLimits = field(default_factory=ProcessLimits)
    kept_open: tuple[int, ...] = ()  # descriptors git inherits: the lock of a mirror


def variables(setting: Setting) -> dict[str, str]:
    """Return the whole environment of one git process."""
    found = {
        "PATH": PATH,
        "HOME": _HOME,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(setting.protocols),
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_CEILING_DIRECTORIES": str(setting.directory.parent),
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    # By environment, not by -c: arguments can be read by every user of the machine.
    config = (*_CONFIG, *setting.config)
    found["GIT_CONFIG_COUNT"] = str(len(config))
    for number, (key, value) in enumerate(config):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def limited(limits: ProcessLimits) -> list[str]:
    """Return what stands before the program so that it starts with its limits."""
    prlimit = shutil.which("prlimit", path=PATH)
    if prlimit is not None:
        sizes = [f"--fsize={limits.file_bytes}", f"--data={limits.memory_bytes}", "--core=0"]
        return [prlimit, *sizes, "--"]
    wanted = {
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_CORE": 0,
    }
    return [sys.executable, "-I", "-S", "-c", _EXEC, json.dumps(wanted)]


def program(name: str) -> str:
    """Return where a program is.

    Raises: GitNotStarted.
    """
    found = shutil.which(name, path=PATH)
    if found is None:
        raise GitNotStarted(f"the {name} program is not in {PATH}")
    return found
