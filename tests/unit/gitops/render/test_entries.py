"""An entry of a kustomization is a path of the repository, or it is refused."""

from __future__ import annotations

import pytest

from gitops.render import entries
from gitops.render.entries import PathOutsideSource, RemoteReferenceNotAllowed

WHERE = "apps/kustomization.yaml: resources"


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("web.yaml", "apps/web.yaml"),
        ("./web.yaml", "apps/web.yaml"),
        ("../base", "base"),
        ("../base/", "base"),
        ("..", ""),
        ("a/../b", "apps/b"),
        ("a b.yaml", "apps/a b.yaml"),
        ("https.yaml", "apps/https.yaml"),
        ("my-github.com/x", "apps/my-github.com/x"),
        ("ref=1.yaml", "apps/ref=1.yaml"),
    ],
)
def test_a_path_is_joined_to_the_directory(entry: str, path: str) -> None:
    assert entries.local_path(entry, directory="apps", where=WHERE) == path


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.com/x.yaml",
        "HTTP://example.com/x.yaml",
        "http://169.254.169.254/latest",
        "ssh://git@example.com/a/b",
        "file:///etc/passwd",
        "git::https://example.com/a",
        "git@example.com:a/b",
        "user@example.com:a/b",
        "example.com:a/b",
        "github.com/a/b//c?ref=main",
        "GitHub.com/a/b",
        "gitlab.com/a/b",
        "bitbucket.org/a/b",
        "gh:a/b",
        "a/b//c",
        "//example.com/x",
        "base?ref=--upload-pack=touch",
        "base?timeout=1&ref=x",
        "base?submodules=1",
        " https://example.com/x.yaml",
    ],
)
def test_what_kustomize_could_take_for_an_address_is_refused(entry: str) -> None:
    with pytest.raises(RemoteReferenceNotAllowed) as caught:
        entries.local_path(entry, directory="apps", where=WHERE)

    assert caught.value.message.startswith(WHERE)
    assert "want a path within this repository" in caught.value.message


@pytest.mark.parametrize(
    "entry", ["/etc/passwd", "../..", "../../x", "a/../../../x", "../../apps/x"]
)
def test_what_leaves_the_repository_is_refused(entry: str) -> None:
    with pytest.raises(PathOutsideSource) as caught:
        entries.local_path(entry, directory="apps", where=WHERE)

    assert caught.value.message.startswith(WHERE)


@pytest.mark.parametrize(
    ("entry", "inline"),
    [
        ("a.yaml", False),
        ("a: b\nc: d", True),
        ('{"a": 1}', True),
        ("a.yaml\n", False),
        ("\n", False),
    ],
)
def test_a_document_in_place_is_told_from_a_path(entry: str, inline: bool) -> None:
    assert entries.is_inline(entry) is inline
