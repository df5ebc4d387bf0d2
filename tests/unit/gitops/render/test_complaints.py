"""What kustomize says is cut down to its cause; the texts are kustomize v5.8.1's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops.render import complaints

ROOT = Path("/run/tree-1")
RUN = Path("/tmp/slipway-render-2")  # noqa: S108 - a name, nothing is there
DEEPER = (
    "accumulating resources: accumulation err='accumulating resources from '{entry}': "
    "'/run/tree-1/{path}' must resolve to a file': "
    "recursed accumulation of path '/run/tree-1/{path}': "
)
TOP = "error: " + DEEPER.format(entry="../../run/tree-1/top", path="top")
BASE = DEEPER.format(entry="../base", path="base")


def readable(errors: str) -> str:
    return complaints.readable(errors, top=ROOT / "top", root=ROOT, run_directory=RUN)


@pytest.mark.parametrize(
    ("errors", "text"),
    [
        (
            f"{TOP}accumulating resources: accumulation err='merging resources from 'a.yaml': "
            "may not add resource with an already registered id: ConfigMap.v1.[noGrp]/x.[noNs]': "
            "must build at directory: '/run/tree-1/top/a.yaml': file is not directory\n",
            "merging resources from 'a.yaml': may not add resource with an already registered id: "
            "ConfigMap.v1.[noGrp]/x.[noNs]",
        ),
        (
            f"{TOP}{BASE}replace operation does not apply: doc is missing path: /data/x\n",
            "in base: replace operation does not apply: doc is missing path: /data/x",
        ),
        (
            "error: accumulating resources: accumulation err='accumulating resources from '../b': "
            "'/run/tree-1/b' must resolve to a file': couldn't make target for path "
            "'/run/tree-1/b': invalid Kustomization: json: cannot unmarshal number\n",
            "in b: invalid Kustomization: json: cannot unmarshal number",
        ),
        (
            "# Warning: 'vars' is deprecated.\nerror: var 'X' cannot be mapped\n",
            "var 'X' cannot be mapped",
        ),
        (
            "error: security; file '/run/tree-1/b/x' is not in or below '/run/tree-1/top'",
            "security; file 'b/x' is not in or below 'top'",
        ),
        ("error: in /tmp/slipway-render-2 nothing", "in the repository nothing"),
        ("panic: runtime error\n\ngoroutine 1 [running]:\nmain.main()", "kustomize crashed"),
        ("", "kustomize failed without a word"),
        ("error: \x1b[31mred\x1b[0m\nand\u202emore", "[31mred [0m and more"),
    ],
)
def test_only_the_cause_is_told(errors: str, text: str) -> None:
    assert readable(errors) == text


def test_a_long_story_is_cut() -> None:
    assert len(readable("error: " + "x" * 10_000)) <= 600


@pytest.mark.parametrize(
    ("code", "errors", "expected"),
    [
        (2, "fatal error: runtime: out of memory\n\nruntime stack:", True),
        (2, "fatal error: runtime: cannot allocate memory", True),
        (-9, "", True),
        (1, "error: accumulating resources", False),
        (1, "error: no matches for Id ConfigMap.v1.[noGrp]/out of memory", False),
        (2, "panic: index out of range", False),
    ],
)
def test_want_of_memory_is_told_from_other_ends(code: int, errors: str, expected: bool) -> None:
    assert complaints.is_out_of_memory(code, errors) is expected


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ("already registered id: ConfigMap.v1.[noGrp]/x.[noNs]': must", ("ConfigMap", "x")),
        ("already registered id: Deployment.v1.apps/a.b.c.shop", ("Deployment", "a.b.c")),
        ("something else", None),
    ],
)
def test_an_object_that_came_twice_is_named(errors: str, expected: tuple[str, str] | None) -> None:
    assert complaints.registered_twice(errors) == expected
