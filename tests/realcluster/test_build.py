"""What is built, where it is looked for, and what is said when it cannot be had."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.realcluster import build

if TYPE_CHECKING:
    from pathlib import Path

GO_MODULES = tuple(build.HERE / module for module in build.MODULES)


def _program(folder: Path, name: str, text: str = "#!/bin/sh\nexit 0\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_cache_folder_follows_the_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "modules"
    for module in build.MODULES:
        (here / module).mkdir(parents=True)
        (here / module / "go.mod").write_bytes((build.HERE / module / "go.mod").read_bytes())
    before = build.cache_dir({"SLIPWAY_TEST_CACHE": str(tmp_path)})
    monkeypatch.setattr(build, "HERE", here)

    same = build.cache_dir({"SLIPWAY_TEST_CACHE": str(tmp_path)})
    (here / "kwok" / "go.mod").write_text("module other\n")
    other = build.cache_dir({"SLIPWAY_TEST_CACHE": str(tmp_path)})

    assert same == before
    assert other != before


def test_the_assets_folder_wins_over_the_cache(tmp_path: Path) -> None:
    environ = {"SLIPWAY_TEST_CACHE": str(tmp_path), "KUBEBUILDER_ASSETS": str(tmp_path / "assets")}
    ours = build.cache_dir(environ) / "bin"
    _program(ours, "etcd")
    kwok = _program(ours, "kwok")
    etcd = _program(tmp_path / "assets", "etcd")

    found = build.find(environ)

    assert found == {"etcd": etcd, "kwok": kwok}
    assert [tool.name for tool in build.missing(environ)] == [
        "kube-apiserver",
        "kube-controller-manager",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(None, "no Go on PATH", id="no go"),
        pytest.param("#!/bin/sh\necho 'requires go >= 1.26.0' >&2\nexit 1\n", "too old", id="old"),
    ],
)
def test_no_usable_go_ends_with_its_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, words: str
) -> None:
    monkeypatch.setattr(
        build, "go_program", lambda _: str(_program(tmp_path, "go", text)) if text else None
    )

    with pytest.raises(build.BuildError, match=words) as refused:
        build.build({"SLIPWAY_TEST_CACHE": str(tmp_path / "cache")})

    assert refused.value.code == build.EXIT_NO_GO


def test_a_failed_build_shows_the_end_of_its_log(tmp_path: Path) -> None:
    go = '#!/bin/sh\n[ "$1" = env ] && exit 0\necho "no required module provides package"\nexit 1\n'
    _program(tmp_path / "go", "go", go)
    environ = {
        "SLIPWAY_TEST_CACHE": str(tmp_path / "cache"),
        "PATH": f"{tmp_path / 'go'}:/usr/bin:/bin",
    }

    done = subprocess.run(
        [sys.executable, build.__file__], env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == build.EXIT_FAILED
    assert "building etcd failed (exit 1):\nno required module provides package" in done.stdout
    assert not list(tmp_path.glob("cache/realcluster/*/bin/*"))
    assert "the last build said: building etcd failed (exit 1)" in build.why_missing(environ)


def test_two_builders_do_not_build_twice(tmp_path: Path) -> None:
    go = """#!/bin/sh
[ "$1" = env ] && exit 0
echo built >>"$COUNT"
sleep 0.5
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then out=$2; fi
  shift
done
case "$out" in
  */) for name in kube-apiserver kube-controller-manager; do echo x >"$out$name"; done ;;
  *) echo x >"$out" ;;
esac
chmod +x "$out"* 2>/dev/null || true
"""
    _program(tmp_path / "go", "go", go)
    environ = {
        "SLIPWAY_TEST_CACHE": str(tmp_path / "cache"),
        "PATH": f"{tmp_path / 'go'}:/usr/bin:/bin",
        "COUNT": str(tmp_path / "count"),
    }

    builders = [
        subprocess.Popen([sys.executable, build.__file__], env=environ, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [builder.communicate(timeout=60)[0] for builder in builders]

    assert [builder.returncode for builder in builders] == [0, 0], outputs
    assert (tmp_path / "count").read_text().split() == ["built"] * len(build.MODULES)
    assert len(build.find(environ)) == len(build.TOOLS)


@pytest.mark.parametrize("module", GO_MODULES, ids=lambda module: module.name)
def test_a_module_pins_sums_and_names_only_itself(module: Path) -> None:
    text = (module / "go.mod").read_text()

    assert text.startswith(f"module slipway.invalid/realcluster/{module.name}\n")
    assert (module / "go.sum").stat().st_size > 0


def test_every_tool_is_named_in_its_module() -> None:
    unnamed = [
        tool.name
        for tool in build.TOOLS
        if tool.package not in (build.HERE / tool.module / "go.mod").read_text()
    ]

    assert unnamed == []


def test_the_stamped_version_is_the_pinned_one() -> None:
    text = (build.HERE / "kube" / "go.mod").read_text()
    stamps = {tool.ldflags for tool in build.TOOLS if tool.module == "kube"}

    assert "require k8s.io/kubernetes v1.36.3\n" in text
    assert all("gitVersion=v1.36.3 " in stamp for stamp in stamps)
