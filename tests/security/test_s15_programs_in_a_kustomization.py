"""S-15: no kustomization gets a program, a container or a chart run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops import render as rendering
from gitops.render.fields import FeatureNotAllowed
from tests.unit.gitops.render import trees

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = (
    "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: x\n  annotations:\n"
    "    {annotation}: |\n      {function}\n"
)
EXEC = "exec: {path: ./evil.sh}"
CONTAINER = "container: {image: evil, network: true}"
PLUGINS = {
    "a program": FUNCTION.format(
        api="x.io/v1", kind="Evil", annotation="config.kubernetes.io/function", function=EXEC
    ),
    "a container": FUNCTION.format(
        api="x.io/v1", kind="Evil", annotation="config.kubernetes.io/function", function=CONTAINER
    ),
    "a program, old annotation": FUNCTION.format(
        api="x.io/v1", kind="Evil", annotation="config.k8s.io/function", function=EXEC
    ),
    "a program with a familiar face": FUNCTION.format(
        api="builtin",
        kind="PrefixTransformer",
        annotation="config.kubernetes.io/function",
        function=EXEC,
    ),
    "a Go plugin": "apiVersion: someteam.example.com/v1\nkind: Validator\nmetadata: {name: x}\n",
    "a chart": "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\n",
}
FIELDS = ["generators", "transformers", "validators"]


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("form", ["file", "directory", "in place"])
def test_a_plugin_that_runs_something_is_refused(
    tmp_path: Path, field: str, plugin: str, form: str
) -> None:
    marker = tmp_path / "ran"
    script = f"#!/bin/sh\necho ran > {marker}\n"
    inline = "".join(f"  {line}\n" for line in PLUGINS[plugin].splitlines())
    entry = {"file": "- p.yaml\n", "directory": "- dir\n", "in place": f"- |\n{inline}"}[form]
    tree = trees.make(
        tmp_path / "tree",
        {
            "kustomization.yaml": f"{field}:\n{entry}",
            "p.yaml": PLUGINS[plugin],
            "dir/kustomization.yaml": "resources: [../p.yaml]\n",
            "evil.sh": script,
        },
    )
    (tree.root / "evil.sh").chmod(0o755)

    with pytest.raises(FeatureNotAllowed) as caught:
        rendering.render(tree, path="")

    assert caught.value.reason == "FeatureNotAllowed"
    assert not marker.exists()


@pytest.mark.parametrize(
    "kustomization",
    [
        "helmCharts: [{name: x, repo: https://example.com, releaseName: --post-renderer=./e.sh}]\n",
        "helmChartInflationGenerator: [{chartName: x}]\n",
        "helmGlobals: {configHome: ./evil}\n",
        "HelmCharts: [{name: x}]\n",
        "helmGlobal\u017f: {configHome: ./evil}\n",
        "aFieldOfTomorrow: ./evil.sh\n",
    ],
)
def test_charts_and_fields_nobody_judged_are_refused(tmp_path: Path, kustomization: str) -> None:
    tree = trees.make(tmp_path, {"kustomization.yaml": kustomization})

    with pytest.raises(FeatureNotAllowed, match="allowed"):
        rendering.render(tree, path="")
