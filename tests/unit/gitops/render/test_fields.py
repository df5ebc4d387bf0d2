"""Every field of a kustomization that names a file is found, however it is spelt."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.render import fields
from gitops.render.fields import FeatureNotAllowed, Form, KustomizationInvalid

WHERE = "kustomization.yaml"


def found(content: dict[str, Any]) -> list[tuple[str, Form]]:
    return [(entry.text, entry.form) for entry in fields.references(content, where=WHERE)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"resources": ["a", "b"]}, [("a", Form.BASE), ("b", Form.BASE)]),
        ({"resources": None}, []),
        ({"resources": "a"}, [("a", Form.BASE)]),
        ({"bases": ["a"], "components": ["b"]}, [("a", Form.BASE), ("b", Form.BASE)]),
        ({"crds": ["a"], "configurations": ["b"]}, [("a", Form.FILE), ("b", Form.FILE)]),
        ({"generators": ["a"], "validators": ["b"]}, [("a", Form.PLUGIN), ("b", Form.PLUGIN)]),
        ({"transformers": ["a"]}, [("a", Form.PLUGIN)]),
        ({"patches": [{"path": "a", "target": {"kind": "b"}}]}, [("a", Form.FILE)]),
        ({"patches": [{"patch": "- op: add"}, "a"]}, [("a", Form.PATCH)]),
        ({"patchesStrategicMerge": ["a"]}, [("a", Form.PATCH)]),
        ({"patchesJson6902": [{"path": "a", "target": {}}]}, [("a", Form.FILE)]),
        ({"replacements": [{"path": "a"}, {"source": {}, "targets": []}]}, [("a", Form.FILE)]),
        ({"openapi": {"path": "a"}}, [("a", Form.FILE)]),
        (
            {
                "configMapGenerator": [
                    {"name": "x", "files": ["a", "k=b"], "envs": ["c"], "env": "d"}
                ]
            },
            [("a", Form.DATA), ("b", Form.DATA), ("c", Form.DATA), ("d", Form.DATA)],
        ),
        ({"secretGenerator": [{"files": ["a"], "literals": ["k=v"]}]}, [("a", Form.DATA)]),
        ({"RESOURCES": ["a"]}, [("a", Form.BASE)]),
        ({"re\u017fources": ["a"]}, [("a", Form.BASE)]),
        ({"configMapGenerator": [{"Files": ["a"]}]}, [("a", Form.DATA)]),
        ({"namePrefix": "a-", "images": [], "labels": [], "metadata": {"name": "x"}}, []),
    ],
)
def test_references_are_found(content: dict[str, Any], expected: list[tuple[str, Form]]) -> None:
    assert found(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        {"helmCharts": [{"name": "x"}]},
        {"helmChartInflationGenerator": []},
        {"helmGlobals": {"configHome": "/tmp/x"}},  # noqa: S108 - not a path of ours
        {"HELMCHARTS": []},
        {"somethingNew": ["a"]},
    ],
)
def test_charts_and_unknown_fields_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(FeatureNotAllowed, match="allowed"):
        found(content)


@pytest.mark.parametrize(
    "content", [["a"], "a", {"resources": [1]}, {"resources": [{"a": "b"}]}, {"crds": [""]}]
)
def test_what_is_no_kustomization_is_refused(content: Any) -> None:
    with pytest.raises(KustomizationInvalid):
        found(content)


def test_a_kustomization_of_flux_is_told_from_kustomizes_own() -> None:
    flux = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": {}}

    with pytest.raises(KustomizationInvalid, match=r"want kustomize\.config\.k8s\.io/v1beta1"):
        found(flux)


def test_a_reference_says_where_it_stands() -> None:
    (reference,) = fields.references({"crds": ["a"]}, where="base/kustomization.yaml")

    assert reference.where == "base/kustomization.yaml: crds"


def test_paths_in_a_plugin_are_found_at_any_depth_but_not_field_paths() -> None:
    config = {
        "apiVersion": "builtin",
        "kind": "ReplacementTransformer",
        "metadata": {"name": "x", "path": "none"},
        "replacements": [{"path": "a"}],
        "files": ["k=b"],
        "fieldSpecs": [{"path": "metadata/labels"}],
    }

    paths = [reference.text for reference in fields.paths_in(config, where=WHERE)]

    assert sorted(paths) == ["a", "b"]
