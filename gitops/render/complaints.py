"""What kustomize says on stderr, made fit for a person.

In: the exit code and text of a failed run. Out: one readable sentence, paths as they are in the
repository; or that it was memory. kustomize wraps an error once for every base it went through and
tries each entry first as a file, then as a directory, telling both stories; only the innermost
first story is kept. A Go stack trace is never shown. Pure text work; nothing is raised here.
"""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from projects.kube.masking import printable

if TYPE_CHECKING:
    from pathlib import Path

# As Go's runtime says it; a text of the user's may hold the same words further on.
_NO_MEMORY = re.compile(
    r"^(?:fatal error|runtime): .*(?:out of memory|cannot allocate memory)", re.MULTILINE
)
_CRASH = re.compile(r"^(?:panic:|fatal error:|runtime:|SIG[A-Z]+:|goroutine \d+)", re.MULTILINE)
# One base deeper: the entry, tried as a file in vain, and then the directory it is.
_DEEPER = re.compile(
    r"^accumulating (?:resources|components): accumulation err='accumulating \w+ from '[^']*': "
    r"'(?P<path>[^']*)' must resolve to a file': "
    r"(?:(?:recursed accumulation of|recursed merging from|couldn't make target for) "
    r"path '[^']*': )?"
)
_TWO_STORIES = re.compile(r"accumulation err='(?P<first>.*)': must build at directory: ")
_ACCUMULATING = re.compile(r"^(?:accumulating (?:resources|components|patches): )+")
# Kind.version.group/name.namespace; resid.ResId.String in sigs.k8s.io/kustomize.
_TWICE = re.compile(r"already registered id: (?P<kind>\w+)\.[^/\s]*/(?P<name>\S+?)\.[^.\s]+(?:'|$)")
_LONGEST = 600


def is_out_of_memory(code: int, errors: str) -> bool:
    """Tell whether a run ended for want of memory: by its own runtime or by the kernel's killer."""
    return code == -signal.SIGKILL or bool(_NO_MEMORY.search(errors))


def registered_twice(errors: str) -> tuple[str, str] | None:
    """Tell kind and name of the object that stopped a run because it came twice."""
    match = _TWICE.search(errors)
    return (match["kind"], match["name"]) if match else None


def readable(errors: str, *, top: Path, root: Path, run_directory: Path) -> str:
    """Reduce the text of a failed run to its cause, without paths of this machine.

    top is the directory that was wanted; what is wrong deeper names its directory.
    """
    if _CRASH.search(errors):
        return "kustomize crashed"
    lines = [line for line in errors.splitlines() if not line.startswith("# Warning:")]
    text = " ".join(" ".join(lines).removeprefix("error: ").split())
    below = ""
    while match := _DEEPER.match(text):
        below, text = match["path"], text[match.end() :]
    if match := _TWO_STORIES.search(text):
        text = match["first"]
    text = _ACCUMULATING.sub("", text)
    text = f"in {below}: {text}" if below not in ("", str(top)) else text
    text = _without_machine_paths(text, root=root, run_directory=run_directory)
    return printable(text or "kustomize failed without a word", _LONGEST)


def _without_machine_paths(text: str, *, root: Path, run_directory: Path) -> str:
    to_root = os.path.relpath(root, run_directory)
    for prefix in (f"{root}/", f"{to_root}/", f"{run_directory}/"):
        text = text.replace(prefix, "")
    for name in (str(root), str(run_directory)):
        text = text.replace(name, "the repository")
    return text
