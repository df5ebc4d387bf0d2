"""S-16: a key without a value in an env file is not filled from our environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("generator", ["configMapGenerator", "secretGenerator"])
def test_a_key_without_a_value_stays_empty(
    tmp_path: Path, generator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "canary-51d0")
    tree = trees.make(
        tmp_path,
        {
            "kustomization.yaml": f"{generator}: [{{name: a, envs: [a.env]}}]\n",
            "a.env": "SECRET_KEY\nDATABASE_URL\nHOME\nPATH\nGOMEMLIMIT\n",
        },
    )

    (found,) = rendering.render(tree, path="").objects

    data = found.manifest["data"]
    assert set(data) == {"SECRET_KEY", "DATABASE_URL", "HOME", "PATH", "GOMEMLIMIT"}
    assert set(data.values()) == {""}
