"""S-12: every field of a kustomization that names a file is held inside the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render.entries import PathOutsideSource
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = {
    "resources": "resources: [{}]\n",
    "bases": "bases: [{}]\n",
    "components": "components: [{}]\n",
    "patches": "patches: [{{path: {}}}]\n",
    "patches, old form": "patches: [{}]\n",
    "patchesStrategicMerge": "patchesStrategicMerge: [{}]\n",
    "patchesJson6902": "patchesJson6902: [{{path: {}, target: {{kind: A, name: a}}}}]\n",
    "configMapGenerator.files": "configMapGenerator: [{{name: a, files: [{}]}}]\n",
    "configMapGenerator.files, named": "configMapGenerator: [{{name: a, files: ['k={}']}}]\n",
    "configMapGenerator.envs": "configMapGenerator: [{{name: a, envs: [{}]}}]\n",
    "configMapGenerator.env": "configMapGenerator: [{{name: a, env: {}}}]\n",
    "secretGenerator.files": "secretGenerator: [{{name: a, files: [{}]}}]\n",
    "secretGenerator.envs": "secretGenerator: [{{name: a, envs: [{}]}}]\n",
    "crds": "crds: [{}]\n",
    "configurations": "configurations: [{}]\n",
    "openapi": "openapi: {{path: {}}}\n",
    "replacements": "replacements: [{{path: {}}}]\n",
    "transformers": "transformers: [{}]\n",
    "generators": "generators: [{}]\n",
    "validators": "validators: [{}]\n",
    "in another case": "ReSources: [{}]\n",
    "in another alphabet": "re\u017fources: [{}]\n",
    "a plugin in place": (
        "transformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n"
        "  metadata: {{name: a}}\n  path: {}\n"
    ),
    "a generator in place": (
        "generators:\n- |\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n"
        "  metadata: {{name: a}}\n  files: ['k={}']\n"
    ),
}
OUTSIDE = ["../../outside", "../../../etc/passwd", "/etc/passwd", "../sub/../../outside"]


@pytest.mark.parametrize("entry", OUTSIDE)
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_leaves_the_repository_is_refused(
    tmp_path: Path, field: str, entry: str
) -> None:
    trees.make(tmp_path / "outside", {"kustomization.yaml": "", "a.yaml": ""})
    kustomization = FIELDS[field].format(entry)
    tree = trees.make(tmp_path / "tree", {"sub/kustomization.yaml": kustomization})

    with pytest.raises(PathOutsideSource) as caught:
        rendering.render(tree, path="sub")

    assert caught.value.reason == "PathOutsideSource"
    assert caught.value.message.startswith("sub/kustomization.yaml: ")


def test_a_field_of_a_base_is_held_alike(tmp_path: Path) -> None:
    tree = trees.make(
        tmp_path / "tree",
        {
            "top/kustomization.yaml": "resources: [../base]\n",
            "base/kustomization.yaml": "resources: [../../outside]\n",
        },
    )

    with pytest.raises(PathOutsideSource, match=r"^base/kustomization\.yaml: resources"):
        rendering.render(tree, path="top")
