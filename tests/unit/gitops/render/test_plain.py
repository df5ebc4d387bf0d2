"""A directory of manifests is read in path order, every object with its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops.render import plain
from gitops.render.detect import ChartNotSupported
from gitops.render.links import SymlinkNotAllowed
from gitops.render.objects import ManifestInvalid
from gitops.render.values import RenderLimits, RenderOptions
from gitops.tree import LimitExceeded
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.render.values import RenderedObject
    from gitops.tree import FileTree

OPTIONS = RenderOptions()


def rendered(tree: FileTree, directory: str = "") -> list[tuple[str, str]]:
    found: tuple[RenderedObject, ...] = plain.render(tree, directory, options=OPTIONS)
    return [(each.where, each.ref.name) for each in found]


def test_files_are_read_recursively_in_path_order(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "b.yml": trees.config_map("second"),
            "a.yaml": "# nothing here\n---\n" + trees.config_map("first") + "---\n---\n",
            "sub/c.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "3rd"}}',
            "README.md": "not: yaml: at all",
            "empty.yaml": "# only a comment\n",
        },
    )

    assert rendered(tree) == [
        ("a.yaml:3", "first"),
        ("b.yml:1", "second"),
        ("sub/c.json:1", "3rd"),
    ]


def test_lists_are_taken_apart_each_item_with_its_line(tmp_path: Path) -> None:
    item = "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: %s}\n"
    inner = (
        "- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: S, metadata: {name: c}}]}\n"
    )
    tree = trees.make(
        tmp_path,
        {
            "a.yaml": "apiVersion: v1\nkind: List\nitems:\n" + item % "a" + item % "b" + inner,
            "b.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems:\n" + item % "d",
            "c.yaml": "apiVersion: v1\nkind: List\nitems: []\n---\nkind: List\nitems:\n",
            "d.yaml": "apiVersion: x.y/v1\nkind: PriceList\nmetadata: {name: e}\n",
        },
    )

    assert rendered(tree) == [
        ("a.yaml:4", "a"),
        ("a.yaml:7", "b"),
        ("a.yaml:10", "c"),
        ("b.yaml:4", "d"),
        ("d.yaml:1", "e"),
    ]


def test_a_kustomization_below_is_built_as_a_base(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "apps/z.yaml": trees.config_map("plain"),
            "apps/web/kustomization.yaml": "namePrefix: web-\nresources: [deep, ../../shared]\n",
            "apps/web/deep/kustomization.yaml": "resources: [a.yaml]\n",
            "apps/web/deep/a.yaml": trees.config_map("a"),
            "apps/web/unused.yaml": trees.config_map("unused"),
            "apps/web-too/b.yaml": trees.config_map("b"),
            "shared/kustomization.yaml": "resources: [s.yaml]\n",
            "shared/s.yaml": trees.config_map("s"),
        },
    )

    assert sorted(rendered(tree, "apps")) == [
        ("apps/web-too/b.yaml:1", "b"),
        ("apps/web/deep/a.yaml", "web-a"),
        ("apps/z.yaml:1", "plain"),
        ("shared/s.yaml", "web-s"),
    ]


def test_files_of_continuous_integration_are_left_out(tmp_path: Path) -> None:
    names = [".github/workflows/ci.yaml", "a/.gitlab-ci.yml", ".sops.yaml", "codeship-steps.yml"]
    tree = trees.make(tmp_path, dict.fromkeys(names, "a: 1\n") | {"a.yaml": trees.config_map("a")})

    assert rendered(tree) == [("a.yaml:1", "a")]


@pytest.mark.parametrize("name", ["a.yaml", "sub/b.json", "sub", "sub.d"])
def test_a_link_among_the_manifests_is_refused_by_name(tmp_path: Path, name: str) -> None:
    tree = trees.make(tmp_path, {"x.yaml": trees.config_map("x"), name: trees.Link("x.yaml")})

    with pytest.raises(SymlinkNotAllowed, match=rf"^{name} is a symbolic link"):
        rendered(tree)


def test_a_link_that_no_one_takes_for_a_manifest_is_left_out(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "apps/a.yaml": trees.config_map("a"),
            "apps/NOTES.md": trees.Link("../README.md"),
            "other/b.yaml": trees.Link("../apps/a.yaml"),
        },
    )

    assert rendered(tree, "apps") == [("apps/a.yaml:1", "a")]


def test_a_submodule_is_told_from_a_link(tmp_path: Path) -> None:
    from gitops.tree import FileTree

    trees.make(tmp_path, {"a.yaml": trees.config_map("a")})
    tree = FileTree(tmp_path, submodules=["vendor"])

    with pytest.raises(SymlinkNotAllowed, match="submodules are not supported"):
        rendered(tree)


def test_a_chart_below_is_refused(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"a/Chart.yaml": "apiVersion: v2\n", "a/templates/b.yaml": "{{ }}"})

    with pytest.raises(ChartNotSupported, match=r"a/Chart\.yaml"):
        rendered(tree)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hello\n", "a.yaml:2: not a Kubernetes object"),
        ("- a\n", "a.yaml:2: not a Kubernetes object"),
        ("kind: A\nmetadata: {name: a}\n", "a.yaml:2: apiVersion of this A is missing"),
        ("apiVersion: v1\nmetadata: {name: a}\n", "a.yaml:2: kind is missing"),
        ("apiVersion: v1\nkind: A\n", "metadata.name of this A is missing"),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: 1}\n",
            "metadata.name is not text; put it in q",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: 1}\n",
            "metadata.namespace is not",
        ),
        ("apiVersion: v1\nkind: A\nmetadata: [a]\n", "metadata is not a mapping"),
        ("apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n", "metadata.generateName is not"),
    ],
)
def test_what_is_no_object_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    tree = trees.make(tmp_path, {"a.yaml": "\n" + text})

    with pytest.raises(ManifestInvalid) as caught:
        rendered(tree)

    assert problem in caught.value.message
    assert caught.value.causes[0].field == "a.yaml:2"


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (RenderLimits(max_files=1), "2 files of manifests; the limit is 1"),
        (RenderLimits(max_total_bytes=100), "bytes; the limit is 100"),
        (RenderLimits(max_objects=1), "more than 1 objects"),
    ],
)
def test_limits_are_held(tmp_path: Path, limits: RenderLimits, problem: str) -> None:
    tree = trees.make(
        tmp_path, {"a.yaml": trees.config_map("a"), "b.yaml": trees.config_map("b", k="v" * 50)}
    )

    with pytest.raises(LimitExceeded, match=problem):
        plain.render(tree, "", options=RenderOptions(limits=limits))
