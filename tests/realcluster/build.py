"""Build the programs of a real Kubernetes cluster from Go modules, once per set of versions.

In: the go.mod files beside this file (kube, etcd, kwok), Go >= 1.26, and the Go module proxy on a
first run. Out: etcd, kube-apiserver, kube-controller-manager and kwok in a cache folder named by
the digest of what they are built from, so that another branch's versions never meet. A folder named
by KUBEBUILDER_ASSETS is looked at first, as envtest does; only what is not found there is built.

Standard library only: `python3 tests/realcluster/build.py` must work before any virtual environment
exists. Exit codes: 0 everything is there, 1 a build failed, 3 there is no usable Go. Nothing is
downloaded but modules.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
EXIT_FAILED = 1
EXIT_NO_GO = 3
# A cold build of kube takes eight minutes on two quiet cores; a machine four times slower still
# gets through.
BUILD_SECONDS = 2400
PROGRESS_SECONDS = 15

# Without these the apiserver calls itself v0.0.0-master, and clients that read /version (Helm's
# kubeVersion, Slipway's cluster page) would be tested against a version that no cluster has.
_KUBE_VERSION = "v1.36.3"
_KUBE_LDFLAGS = (
    f"-X k8s.io/component-base/version.gitVersion={_KUBE_VERSION}"
    " -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
)


class BuildError(Exception):
    """The programs cannot be had; the message says why, the code is for the shell."""

    def __init__(self, message: str, *, code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One program: its file name, the module folder that pins it, and its main package."""

    name: str
    module: str
    package: str
    ldflags: str = ""


TOOLS = (
    Tool(name="etcd", module="etcd", package="go.etcd.io/etcd/server/v3"),
    Tool(
        name="kube-apiserver",
        module="kube",
        package="k8s.io/kubernetes/cmd/kube-apiserver",
        ldflags=_KUBE_LDFLAGS,
    ),
    Tool(
        name="kube-controller-manager",
        module="kube",
        package="k8s.io/kubernetes/cmd/kube-controller-manager",
        ldflags=_KUBE_LDFLAGS,
    ),
    Tool(name="kwok", module="kwok", package="sigs.k8s.io/kwok/cmd/kwok"),
)
MODULES = tuple(dict.fromkeys(tool.module for tool in TOOLS))


def digest() -> str:
    """Name the set of versions: what the go.mod files pin and the flags that stamp it."""
    seen = hashlib.sha256()
    for module in MODULES:
        seen.update((HERE / module / "go.mod").read_bytes())
    for tool in TOOLS:
        seen.update(f"{tool.name} {tool.package} {tool.ldflags}\n".encode())
    return seen.hexdigest()[:16]


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of this set of versions; it need not exist yet."""
    root = environ.get("SLIPWAY_TEST_CACHE", "") or "~/.cache/slipway"
    return Path(root).expanduser() / "realcluster" / digest()


def find(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return the programs that are there, by name; the assets folder wins over the cache."""
    folders = [cache_dir(environ) / "bin"]
    if environ.get("KUBEBUILDER_ASSETS"):
        folders.insert(0, Path(environ["KUBEBUILDER_ASSETS"]).expanduser())
    found: dict[str, Path] = {}
    for tool in TOOLS:
        for folder in folders:
            if os.access(folder / tool.name, os.X_OK):
                found[tool.name] = (folder / tool.name).resolve()
                break
    return found


def missing(environ: Mapping[str, str]) -> tuple[Tool, ...]:
    """Return the programs that would have to be built."""
    found = find(environ)
    return tuple(tool for tool in TOOLS if tool.name not in found)


def why_missing(environ: Mapping[str, str]) -> str:
    """Say in one sentence what is not there and what would bring it, or "" when all is there."""
    names = ", ".join(tool.name for tool in missing(environ))
    if not names:
        return ""
    if go_program(environ) is None:
        return f"{names} not built and no Go on PATH (Go >= 1.26 is needed; or KUBEBUILDER_ASSETS)"
    failure = cache_dir(environ) / "failed"
    if failure.exists():
        return f"{names} not built; the last build said: {failure.read_text().splitlines()[0]}"
    return f"{names} not built yet: run python3 tests/realcluster/build.py"


def go_program(environ: Mapping[str, str]) -> str | None:
    """Find go on PATH or where its own installer puts it."""
    usual = os.pathsep.join((environ.get("PATH", ""), "/usr/local/go/bin", "/usr/lib/go/bin"))
    return shutil.which("go", path=usual)


def build(environ: Mapping[str, str]) -> None:
    """Build whatever is missing; safe to run at the same time from many places."""
    if not missing(environ):
        return
    target = cache_dir(environ)
    go = go_program(environ)
    if go is None:
        raise BuildError(
            f"no Go: {why_missing(environ)}. Real-cluster tests cannot run.", code=EXIT_NO_GO
        )
    (target / "bin").mkdir(parents=True, exist_ok=True)
    with _lock(target / "lock"):
        (target / "failed").unlink(missing_ok=True)
        todo = missing(environ)  # again: another builder may have just finished
        for module in MODULES:
            tools = tuple(tool for tool in todo if tool.module == module)
            if tools:
                _build_module(tools, go=go, target=target, environ=environ)


def _build_module(
    tools: tuple[Tool, ...], *, go: str, target: Path, environ: Mapping[str, str]
) -> None:
    module = tools[0].module
    env = _go_environment(environ, target=target)
    _require_toolchain(go, module=module, env=env)
    with tempfile.TemporaryDirectory(dir=target, prefix="building-") as scratch:
        # A folder takes every program by the last word of its package; etcd's would be "server".
        output = scratch + os.sep if len(tools) > 1 else str(Path(scratch) / tools[0].name)
        command = [go, "build", "-v", "-trimpath", "-buildvcs=false", _mod_flag(module)]
        command += ["-ldflags", f"-s -w {tools[0].ldflags}".strip(), "-o", output]
        command += [tool.package for tool in tools]
        names = ", ".join(tool.name for tool in tools)
        _run(command, names=names, folder=HERE / module, env=env, log=target / f"{module}.log")
        for tool in tools:
            (Path(scratch) / tool.name).replace(target / "bin" / tool.name)


def _mod_flag(module: str) -> str:
    """Hold go.sum as it is committed; write it only where it was never made."""
    return "-mod=readonly" if (HERE / module / "go.sum").exists() else "-mod=mod"


def _go_environment(environ: Mapping[str, str], *, target: Path) -> dict[str, str]:
    env = {**environ, "GOWORK": "off", "GOFLAGS": ""}
    if not environ.get("HOME"):
        env.setdefault("GOCACHE", str(target.parent / "go-build"))
        env.setdefault("GOPATH", str(target.parent / "go"))
    return env


def _require_toolchain(go: str, *, module: str, env: Mapping[str, str]) -> None:
    """Let Go itself judge go.mod's version line: it may fetch a toolchain or refuse to."""
    asked = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd=HERE / module,
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if asked.returncode != 0:
        raise BuildError(
            f"Go at {go} is too old or broken (>= 1.26 is needed): {asked.stderr.strip()[-400:]}",
            code=EXIT_NO_GO,
        )


def _run(
    command: list[str], *, names: str, folder: Path, env: Mapping[str, str], log: Path
) -> None:
    started = time.monotonic()
    say(f"building {names} (log: {log})")
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,  # go's compilers end with it, not after it
        )
        try:
            _wait(process, names=names, log=log, started=started)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        said = f"building {names} failed (exit {process.returncode}):"
        (log.parent / "failed").write_text(f"{said} see {log}\n")
        raise BuildError(f"{said}\n{tail}")
    say(f"built {names} in {_clock(time.monotonic() - started)}")


def _wait(process: subprocess.Popen[bytes], *, names: str, log: Path, started: float) -> None:
    while True:
        try:
            process.wait(timeout=PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed > BUILD_SECONDS:
                raise BuildError(
                    f"building {names} took over {_clock(elapsed)}; given up"
                ) from None
            lines = log.read_bytes().count(b"\n")
            say(f"  {names}: {lines} modules and packages so far, {_clock(elapsed)}")
        else:
            return


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build of the same programs is running; waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def say(line: str) -> None:
    """Print at once: the readers are people and scripts waiting for the build."""
    sys.stdout.write(f"realcluster: {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Build what is missing and tell where everything is."""
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(EXIT_FAILED)
    )  # so that the compilers are ended too
    try:
        build(os.environ)
    except BuildError as error:
        say(str(error))
        return error.code
    for name, path in find(os.environ).items():
        say(f"{name}: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
