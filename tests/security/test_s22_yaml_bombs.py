"""S-22: text made to exhaust a reader is refused in seconds, with file and line."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render import validate
from gitops.render.objects import ManifestInvalid
from gitops.render.yamlio import YamlError
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
LETTERS = "abcdefghi"
# CVE-2019-11253, as it was published against the Kubernetes API server.
LAUGHS = HEAD + "  a: &a [_,_,_,_,_,_,_,_,_]\n"
LAUGHS += "".join(
    f"  {name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in itertools.pairwise(LETTERS)
)
MERGES = HEAD + "  a0: &a0 {k: v}\n"
MERGES += "".join(f"  a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 40))
MIB = 1 << 20
BOMBS: dict[str, str] = {
    "a thousand million laughs": LAUGHS,
    "doubling": MERGES,
    "a long text again and again": (
        HEAD + "  a: &a " + "x" * 500_000 + "\n  b: [" + ",".join(["*a"] * 100) + "]\n"
    ),
    "itself": HEAD + "  a: &a {b: *a}\n",
    "open lists": "[" * 3000,
    "open mappings": "{a: " * 200_000,
    "nested dashes": "- " * 500_000,
    "nested questions": "? " * 500_000,
    "open lists, JSON": '{"a": ' + "[" * 500_000,
    "many keys, one twice": HEAD + "".join(f"  k{n}: v\n" for n in range(80_000)) + "  k0: v\n",
    "an object of Python": HEAD + "  a: !!python/object/apply:os.system [id]\n",
    "NUL": HEAD + '  a: "\\0"\n',
    "a directive a line": "%TAG !e! tag:x\n" * 20_000 + "--- a\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_a_bomb_is_refused_in_seconds_with_its_file(tmp_path: Path, bomb: str, name: str) -> None:
    tree = trees.make(tmp_path, {name: BOMBS[bomb]})
    started = time.monotonic()

    with pytest.raises(rendering.Invalid) as caught:
        rendering.render(tree, path="")

    assert time.monotonic() - started < 5
    assert caught.value.reason == "ManifestInvalid"
    assert caught.value.message.startswith(f"{name}:")


@pytest.mark.parametrize("bomb", ["a thousand million laughs", "doubling", "itself"])
@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: [a.yaml]\n",
        "patches: [{path: a.yaml}]\n",
        "crds: [a.yaml]\n",
        "configurations: [a.yaml]\n",
    ],
)
def test_a_bomb_does_not_reach_kustomize(tmp_path: Path, bomb: str, kustomization: str) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": kustomization, "a.yaml": BOMBS[bomb]})
    started = time.monotonic()

    with pytest.raises(YamlError, match=r"^a\.yaml:\d+"):
        rendering.render(tree, path="")

    assert time.monotonic() - started < 5


def test_a_bomb_as_a_kustomization_is_refused(tmp_path: Path) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": LAUGHS})

    with pytest.raises(YamlError, match="aliases stand for more than"):
        rendering.render(tree, path="")


def test_the_reader_still_works_afterwards(tmp_path: Path) -> None:
    for number, text in enumerate(BOMBS.values()):
        tree = trees.make(tmp_path / str(number), {"a.yaml": text})
        with pytest.raises(rendering.Invalid):
            rendering.render(tree, path="")

    good = trees.make(tmp_path / "good", {"a.yaml": trees.config_map("a")})

    assert rendering.render(good, path="").objects[0].ref.name == "a"


def test_a_number_of_many_digits_is_text_as_for_kubectl(tmp_path: Path) -> None:
    digits = "9" * 5000
    tree = trees.make(tmp_path, {"a.yaml": HEAD.replace("name: a", f"name: {digits}")})

    rendered = rendering.render(tree, path="")

    assert rendered.objects[0].ref.name == digits
    with pytest.raises(ManifestInvalid, match="want at most 253"):
        validate.check(rendered.objects, scope=validate.Scope(namespace="shop"))
