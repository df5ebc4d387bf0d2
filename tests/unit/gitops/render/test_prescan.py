"""The scan follows a kustomization to its ends, and refuses before the real one is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops.render import prescan
from gitops.render.fields import FeatureNotAllowed, KustomizationInvalid
from gitops.render.values import RenderLimits
from gitops.render.yamlio import YamlError
from gitops.tree import LimitExceeded
from projects.errors import DomainError
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = RenderLimits()
MAP = trees.config_map("a")


def test_all_files_that_a_kustomization_leads_to_are_found(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "prod/kustomization.yaml": "resources: [../base]\ncomponents: [../extra]\n"
            "patches: [{path: p.yaml}]\nsecretGenerator: [{name: s, envs: [s.env]}]\n",
            "prod/p.yaml": MAP,
            "prod/s.env": "A=b\n",
            "base/kustomization.yml": "resources: [a.yaml]\n",
            "base/a.yaml": MAP,
            "base/unused.yaml": MAP,
            "extra/Kustomization": "kind: Component\n",
        },
    )

    found = prescan.scan(tree, "prod", limits=LIMITS)

    assert found.kustomization == "prod/kustomization.yaml"
    assert found.content["components"] == ["../extra"]
    assert found.files == (
        "base/a.yaml",
        "base/kustomization.yml",
        "extra/Kustomization",
        "prod/kustomization.yaml",
        "prod/p.yaml",
        "prod/s.env",
    )
    assert found.manifests == ("base/a.yaml",)


def test_a_base_may_be_included_twice(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": "resources: [a, b]\n",
            "a/kustomization.yaml": "namePrefix: a-\nresources: [../c]\n",
            "b/kustomization.yaml": "namePrefix: b-\nresources: [../c]\n",
            "c/kustomization.yaml": "resources: [c.yaml]\n",
            "c/c.yaml": MAP,
        },
    )

    assert "c/c.yaml" in prescan.scan(tree, "", limits=LIMITS).files


@pytest.mark.parametrize(
    ("kustomization", "problem"),
    [
        (
            "resources: [none.yaml]\n",
            "kustomization.yaml: resources: 'none.yaml' is not in the rep",
        ),
        ("resources: [empty]\n", "has none of kustomization.yaml"),
        ("crds: [empty]\n", "'empty' is not in the repository; want a file"),
        ("patches: [{path: none.yaml}]\n", "kustomization.yaml: patches: path: 'none.yaml'"),
        ('resources: ["a\\\\b"]\n', "is not in the repository"),
        ("- a\n", "not a kustomization"),
        ("", "not a kustomization"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, kustomization: str, problem: str) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": kustomization, "empty/a.yaml": MAP})

    with pytest.raises(KustomizationInvalid) as caught:
        prescan.scan(tree, "", limits=LIMITS)

    assert problem in caught.value.message


@pytest.mark.parametrize("kustomization", ["resources: [a]\nresources: [b]\n", "a: 1\n---\nb: 1\n"])
def test_a_kustomization_that_reads_two_ways_is_refused(tmp_path: Path, kustomization: str) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": kustomization})

    with pytest.raises(YamlError, match=r"kustomization\.yaml:\d"):
        prescan.scan(tree, "", limits=LIMITS)


def test_bases_nest_to_the_limit_and_no_deeper(tmp_path: Path) -> None:
    files = {
        f"d{n}/kustomization.yaml": f"resources: [../d{n + 1}]\n" for n in range(prescan.MAX_DEPTH)
    }
    files[f"d{prescan.MAX_DEPTH}/kustomization.yaml"] = "resources: []\n"
    tree = trees.make(tmp_path, {**files})

    assert len(prescan.scan(tree, "d1", limits=LIMITS).files) == prescan.MAX_DEPTH
    with pytest.raises(LimitExceeded, match="deeper than 20"):
        prescan.scan(tree, "d0", limits=LIMITS)


@pytest.mark.parametrize(
    "limits", [RenderLimits(max_files=2), RenderLimits(max_total_bytes=150)], ids=["files", "bytes"]
)
def test_limits_are_held(tmp_path: Path, limits: RenderLimits) -> None:
    tree = trees.make(
        tmp_path,
        {"kustomization.yaml": "resources: [a.yaml, b.yaml]\n", "a.yaml": MAP, "b.yaml": MAP * 2},
    )

    with pytest.raises(LimitExceeded, match="limit"):
        prescan.scan(tree, "", limits=limits)


def test_a_builtin_plugin_is_allowed_in_every_form(tmp_path: Path) -> None:
    plugin = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: a-\n"
    inline = "".join(f"    {line}\n" for line in plugin.splitlines())
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": f"transformers:\n- file.yaml\n- dir\n- |\n{inline}",
            "file.yaml": plugin,
            "dir/kustomization.yaml": "resources: [p.yaml]\n",
            "dir/p.yaml": plugin,
        },
    )

    assert "dir/p.yaml" in prescan.scan(tree, "", limits=LIMITS).files


def test_a_plugin_hidden_in_a_directory_is_refused(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": "generators: [dir]\n",
            "dir/kustomization.yaml": "resources: [p.yaml]\n",
            "dir/p.yaml": "apiVersion: example.com/v1\nkind: Evil\nmetadata: {name: p}\n",
        },
    )

    with pytest.raises(FeatureNotAllowed, match=r"dir/p\.yaml: the plugin Evil"):
        prescan.scan(tree, "", limits=LIMITS)


def test_an_error_of_the_scan_is_an_anticipated_one_with_its_reason(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": "helmCharts: []\n"})

    with pytest.raises(DomainError) as caught:
        prescan.scan(tree, "", limits=LIMITS)

    assert caught.value.reason == "FeatureNotAllowed"
