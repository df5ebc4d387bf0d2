"""S-21: limits are held before anything is parsed, and tell the limit and the number found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render import validate
from gitops.tree import LimitExceeded
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"


def refused(tmp_path: Path, files: dict[str, str | bytes | trees.Link]) -> str:
    tree = trees.make(tmp_path, files)
    started = time.monotonic()

    with pytest.raises(LimitExceeded) as caught:
        rendering.render(tree, path="")

    assert time.monotonic() - started < 10
    assert caught.value.reason == "LimitExceeded"
    return caught.value.message


def test_a_file_of_fifty_mebibytes_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, {"a.yaml": b"#" * (50 * MIB)})

    assert message == f"a.yaml has {50 * MIB} bytes; the limit for one file is {MIB}"


def test_a_large_file_that_a_kustomization_names_is_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes | trees.Link] = {
        "kustomization.yaml": "resources: [a.yaml]\n",
        "a.yaml": b"#" * (2 * MIB),
    }

    assert f"the limit for one file is {MIB}" in refused(tmp_path, files)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, {f"a{number}.yaml": "" for number in range(2001)})

    assert message == "2001 files of manifests; the limit is 2000"


def test_too_many_bytes_in_all_are_refused(tmp_path: Path) -> None:
    part = "#" * (MIB - 1)

    message = refused(tmp_path, {f"a{number}.yaml": part for number in range(11)})

    assert f"the limit is {10 * MIB}" in message


def test_too_many_documents_are_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes | trees.Link] = {
        f"a{part}.yaml": "---\n".join([ONE] * 2000) for part in range(3)
    }

    assert refused(tmp_path, files) == "a2.yaml: more than 5000 objects, the limit"


def test_what_aliases_stand_for_counts_as_bytes(tmp_path: Path) -> None:
    bomb = ONE + "data:\n  a: &a " + "x" * 10_000 + "\n  b: [" + ",".join(["*a"] * 100) + "]\n"

    message = refused(tmp_path, {f"a{number}.yaml": bomb for number in range(12)})

    assert f"the limit is {10 * MIB}" in message


def test_an_object_too_large_for_a_cluster_is_refused(tmp_path: Path) -> None:
    text = ONE + "data:\n  k: &k " + "x" * (MIB // 2) + "\n  l: *k\n"
    tree = trees.make(tmp_path, {"a.yaml": text})
    rendered = rendering.render(tree, path="")

    with pytest.raises(LimitExceeded, match=f"the limit is {MIB}"):
        validate.check(rendered.objects, scope=validate.Scope(namespace="shop"))
