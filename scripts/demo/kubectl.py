"""The real kubectl of .venv, for one cluster, without the reader's own configuration.

In: arguments and a kubeconfig. Out: what it printed. It is the same upstream program that anybody
has, which is why it may judge what is on a cluster.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

from scripts.demo import DemoFailed

PROGRAM = Path(sysconfig.get_path("scripts")) / "kubectl"
_SECONDS = 120


def kubectl(*args: str, kubeconfig: Path, stdin: str = "") -> str:
    """Ask a cluster and return kubectl's standard output.

    Raises: DemoFailed with its standard error.
    """
    return _run(f"--kubeconfig={kubeconfig}", *args, home=kubeconfig.parent, stdin=stdin)


def kustomize(path: Path) -> str:
    """Render a kustomization, without any cluster.

    Raises: DemoFailed.
    """
    return _run("kustomize", str(path), home=path)


def _run(*args: str, home: Path, stdin: str = "") -> str:
    words = " ".join(each for each in args if not each.startswith("-"))
    try:
        done = subprocess.run(
            [str(PROGRAM), *args],
            env=_environment(home),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoFailed(f"kubectl {words[:80]} did not end within {_SECONDS} s") from None
    if done.returncode != 0:
        raise DemoFailed(f"kubectl {words[:80]}: {done.stderr.strip()}")
    return done.stdout


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        # It keeps what it has discovered of a cluster below its home.
        "HOME": str(home),
    }
