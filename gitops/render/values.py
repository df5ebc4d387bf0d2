"""The values this room speaks: what may be spent on a rendering, and what comes out of it.

Nothing is decided here. The limits are those of check S-21; an object is held to 1 MiB because
etcd takes no more than about 1.5 MiB, and everything else follows from what a worker with a few
hundred MiB can hold while it renders for one project and others wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from projects.kube.masking import printable

if TYPE_CHECKING:
    from pathlib import Path

    from projects.kube.refs import ObjectRef

MIB = 1 << 20


class Renderer(StrEnum):
    """Who turned files into manifests."""

    PLAIN = "plain"
    KUSTOMIZE = "kustomize"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderLimits:
    """How much one rendering may read and give."""

    max_files: int = 2_000
    max_total_bytes: int = 10 * MIB  # of the files read, what aliases stand for included
    max_objects: int = 5_000
    max_object_bytes: int = 1 * MIB
    max_output_bytes: int = 16 * MIB  # of a child process


DEFAULT_LIMITS = RenderLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How to render: limits, seconds and bytes of memory for a child, another kubectl for tests."""

    limits: RenderLimits = DEFAULT_LIMITS
    timeout: float = 60.0
    memory_bytes: int = 1024 * MIB
    kubectl: Path | None = None


DEFAULT_OPTIONS = RenderOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedObject:
    """One manifest and the place it came from; line 0 is unknown (the renderer does not tell)."""

    manifest: dict[str, Any] = field(repr=False)  # may be a Secret
    ref: ObjectRef
    file: str
    line: int = 0

    @property
    def where(self) -> str:
        """Name the place for a person: `apps/web.yaml:12`."""
        return place(self.file, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a path rendered to."""

    objects: tuple[RenderedObject, ...]
    renderer: Renderer


def place(file: str, line: int = 0) -> str:
    """Write a file and a line for a message; a file name may hold anything, a message may not."""
    shown = printable(file, 300)
    return f"{shown}:{line}" if line else shown
