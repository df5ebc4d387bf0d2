"""The real kustomize: its output is its own, its errors name files, its bounds hold."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitops.render import kustomize, yamlio
from gitops.render.kustomize import BuildFailed, OutOfMemory, RendererUnavailable, RenderTimeout
from gitops.render.validate import DuplicateObject
from gitops.render.values import RenderLimits, RenderOptions
from gitops.tree import FileTree, LimitExceeded
from tests.unit.gitops.render import trees
from tests.unit.gitops.render.programs import KUBECTL, program

if TYPE_CHECKING:
    from gitops.render.values import RenderedObject

SHOP = Path(__file__).parents[3] / "golden" / "render" / "shop-prod" / "in"
MIB = 1 << 20


def build(tree: FileTree, directory: str = "", **options: Any) -> tuple[RenderedObject, ...]:
    return kustomize.build(tree, (directory,), options=RenderOptions(**options))


@pytest.mark.parametrize("overlay", ["overlays/prod", "overlays/staging", "base", "base/database"])
def test_the_output_is_what_kustomize_alone_gives(overlay: str) -> None:
    alone = subprocess.run(
        [KUBECTL, "kustomize", SHOP / overlay],
        env={"HOME": "/nonexistent"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    found = build(FileTree(SHOP), overlay)

    expected = [document.value for document in yamlio.load_all(alone.stdout, file="alone")]
    assert [each.manifest for each in found] == expected


def test_origins_that_the_user_asks_for_stay_in_the_output(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "top/kustomization.yaml": "buildMetadata: [originAnnotations]\nresources: [../base]\n",
            "base/kustomization.yaml": "resources: [a.yaml]\n",
            "base/a.yaml": trees.config_map("a"),
        },
    )

    (found,) = build(tree, "top")

    annotations = found.manifest["metadata"]["annotations"]
    assert annotations == {"config.kubernetes.io/origin": "path: ../base/a.yaml\n"}
    assert found.file == "base/a.yaml"


def test_several_directories_are_built_together(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "a/kustomization.yaml": "namePrefix: a-\nresources: [x.yaml]\n",
            "a/x.yaml": trees.config_map("x"),
            "b/kustomization.yaml": "configMapGenerator: [{name: settings}]\n",
        },
    )

    found = kustomize.build(tree, ("a", "b"), options=RenderOptions())

    assert {each.file for each in found} == {"a/x.yaml", "b/kustomization.yaml"}


def test_the_users_tree_and_the_temporary_directory_are_left_as_they_were(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path, {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": trees.config_map("a")}
    )
    before = {path.name for path in Path(tempfile.gettempdir()).glob("slipway-render-*")}

    build(tree)

    after = {path.name for path in Path(tempfile.gettempdir()).glob("slipway-render-*")}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.yaml", "kustomization.yaml"]
    assert after <= before


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        (
            "resources: [a.yaml]\nnamePrefix: 3\n",
            "top/kustomization.yaml: in base: invalid Kustomization",
        ),
        ("resources: [bad.yaml]\n", "base/bad.yaml:2: not YAML"),
        (
            "resources: [nameless.yaml]\n",
            "in base: accumulating resources from 'nameless.yaml': missing",
        ),
        ("kind: Component\nresources: [a.yaml]\n", "expected kind != 'Component' for path 'base'"),
    ],
)
def test_an_error_is_told_with_paths_of_the_repository(
    tmp_path: Path, base: str, problem: str
) -> None:
    tree = trees.make(
        tmp_path,
        {
            "top/kustomization.yaml": "resources: [../base]\n",
            "base/kustomization.yaml": base,
            "base/a.yaml": trees.config_map("a"),
            "base/bad.yaml": "a: 1\n b: 2\n",
            "base/nameless.yaml": "apiVersion: v1\nkind: A\n",
        },
    )

    with pytest.raises(BuildFailed) as caught:
        build(tree, "top")

    assert problem in caught.value.message
    assert str(tmp_path) not in caught.value.message
    assert "slipway-render" not in caught.value.message


def test_an_object_that_comes_twice_is_named_with_both_files(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
            "a.yaml": trees.config_map("same"),
            "b.yaml": "# twice\n" + trees.config_map("same"),
        },
    )

    with pytest.raises(DuplicateObject, match=r"it is in a\.yaml:1 and b\.yaml:2"):
        build(tree)


def test_data_files_are_not_read_as_yaml(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": "configMapGenerator: [{name: a, files: [x.yaml]}]\n",
            "x.yaml": "a: &a !tag {{ template }} *a\n",
        },
    )

    (found,) = build(tree)

    assert found.manifest["data"] == {"x.yaml": "a: &a !tag {{ template }} *a\n"}


def one(tmp_path: Path) -> FileTree:
    return trees.make(
        tmp_path / "tree",
        {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": trees.config_map("a")},
    )


def test_a_renderer_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    slow = program(tmp_path, "import time; time.sleep(60)")
    started = time.monotonic()

    with pytest.raises(RenderTimeout, match=r"kustomization\.yaml: kustomize took longer than 1 s"):
        build(one(tmp_path), kubectl=slow, timeout=1.0)

    assert time.monotonic() - started < 10


def test_a_renderer_that_wants_too_much_memory_is_ended(tmp_path: Path) -> None:
    with pytest.raises(OutOfMemory, match="more than 62914560 bytes of memory") as caught:
        build(one(tmp_path), memory_bytes=60 * MIB)

    assert "runtime" not in caught.value.message
    assert "goroutine" not in caught.value.message


def test_a_crash_shows_no_stack(tmp_path: Path) -> None:
    crash = program(
        tmp_path,
        "import sys; sys.stderr.write('panic: boom\\n\\ngoroutine 1 [running]:\\n'); sys.exit(2)",
    )

    with pytest.raises(BuildFailed, match=r"kustomize crashed$"):
        build(one(tmp_path), kubectl=crash)


def test_output_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    loud = program(tmp_path, "print('#' * 100_000)")

    with pytest.raises(LimitExceeded, match="output has more than 1000 bytes"):
        build(one(tmp_path), kubectl=loud, limits=RenderLimits(max_output_bytes=1000))


def test_more_objects_than_the_limit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="1 objects; the limit is 0"):
        build(one(tmp_path), limits=RenderLimits(max_objects=0))


def test_output_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    odd = program(tmp_path, "print('a: .nan')")

    with pytest.raises(BuildFailed, match="the output is refused"):
        build(one(tmp_path), kubectl=odd)


def test_a_missing_kubectl_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(RendererUnavailable) as caught:
        build(one(tmp_path), kubectl=tmp_path / "none")

    assert caught.value.retryable
