"""S-23: a manifest means here what it means to kubectl; what could mean two things is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops import render as rendering
from gitops.render.yamlio import YamlError
from tests.unit.gitops.render import trees

GOLDEN = Path(__file__).parents[1] / "golden" / "render" / "scalars.json"
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [("22:22", "22:22"), ("2024-01-01", "2024-01-01"), ("0o14", 12), ("1e3", 1000)],
)
def test_the_golden_file_covers_what_python_reads_otherwise(text: str, value: object) -> None:
    # tests/unit/gitops/render/test_scalars.py asks kubectl again and compares every scalar of it.
    plain = json.loads(GOLDEN.read_text(encoding="utf-8"))["plain"]

    assert len(plain) >= 60
    assert plain[text] == value


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
