"""S-23: a manifest means here what it means to kubectl; what could mean two things is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render.yamlio import YamlError
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.test_scalars import EXPECTED

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


def test_the_golden_file_covers_what_python_reads_otherwise() -> None:
    assert len(EXPECTED["plain"]) >= 60
    assert EXPECTED["plain"]["22:22"] == "22:22"
    assert EXPECTED["plain"]["2024-01-01"] == "2024-01-01"
    assert EXPECTED["plain"]["0o14"] == 12
    assert EXPECTED["plain"]["1e3"] == 1000


def test_unquoted_ports_stay_text(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"a.yaml": HEAD + "data: {ports: 22:22, day: 2024-01-01}\n"})

    (found,) = rendering.render(tree, path="").objects

    assert found.manifest["data"] == {"ports": "22:22", "day": "2024-01-01"}


def test_a_duplicate_key_is_refused_with_its_line(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"a.yaml": HEAD + "data:\n  k: v\n  l: v\n  k: w\n"})

    with pytest.raises(YamlError, match=r"^a\.yaml:7: duplicate key 'k'; write it once$"):
        rendering.render(tree, path="")


def test_the_output_of_kustomize_is_read_by_the_same_rules(tmp_path: Path) -> None:
    text = HEAD + 'data: {ports: 22:22, "on": "yes"}\nx: [0o14, 1e3]\n'
    tree = trees.make(tmp_path, {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text})

    (found,) = rendering.render(tree, path="").objects

    assert found.manifest["data"] == {"ports": "22:22", "on": "yes"}
    assert found.manifest["x"] == [12, 1000]
