"""The rendering room: a file tree in, manifests out.

`render` is the front door: it finds the directory, chooses the renderer and answers with objects
that know their file. It never answers with nothing: an empty answer would be read as "delete
everything", so a missing path and an empty one are errors (R-33). What was rendered is not yet
allowed; that is validate.check, which wants to know the project. No rows, no network, no cluster;
children run bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.render import detect, kustomize, links, plain
from gitops.render.values import (
    DEFAULT_OPTIONS,
    Rendered,
    RenderedObject,
    Renderer,
    RenderLimits,
    RenderOptions,
    place,
)
from gitops.tree import normalise
from projects.errors import Invalid
from projects.kube.conditions import Reason

if TYPE_CHECKING:
    from gitops.tree import FileTree

__all__ = [
    "NothingRendered",
    "PathNotFound",
    "RenderLimits",
    "RenderOptions",
    "Rendered",
    "RenderedObject",
    "Renderer",
    "render",
]


class PathNotFound(Invalid):
    """The commit has no such directory; nothing may be concluded from it."""

    default_reason = Reason.PATH_NOT_FOUND


class NothingRendered(Invalid):
    """The directory holds no manifest; never read as "delete all"."""

    default_reason = Reason.NOTHING_RENDERED


def render(tree: FileTree, *, path: str, options: RenderOptions = DEFAULT_OPTIONS) -> Rendered:
    """Render one directory of a tree.

    Raises: leaves of Invalid (this room's and gitops.tree's); kustomize.RendererUnavailable.
    """
    directory = normalise(path)
    links.check(tree, directory)
    if not tree.has_dir(directory):
        problem = "is a file; want a directory" if tree.has_file(directory) else "is not there"
        raise PathNotFound(f"the path {place(directory)!r} {problem} in this commit")
    renderer = detect.detect(tree, directory)
    if renderer is Renderer.KUSTOMIZE:
        found = kustomize.build(tree, (directory,), options=options)
    else:
        found = plain.render(tree, directory, options=options)
    if not found:
        shown = repr(place(directory)) if directory else "the root of the repository"
        raise NothingRendered(f"{shown} renders to nothing; want at least one manifest")
    return Rendered(objects=found, renderer=renderer)
