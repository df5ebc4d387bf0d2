"""Scalars are read as kubectl reads them; the golden file is kubectl's own answer."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitops.render import scalars, yamlio
from tests.unit.gitops.render.programs import KUBECTL

GOLDEN = Path(__file__).parents[3] / "golden" / "render" / "scalars.json"

# Which scalars are asked about is written there too: add one with any value, then UPDATE_GOLDEN=1.
EXPECTED: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
PLAIN, TAGGED, KEYS = (list(EXPECTED[name]) for name in ("plain", "tagged", "keys"))


def ask_kubectl(directory: Path) -> dict[str, Any]:
    """Let kubectl read every scalar as a value, and some as keys."""
    lines = [
        "apiVersion: example.com/v1\nkind: Probe\nmetadata: {name: probe}\nspec:\n  plain:\n",
        *(f"  - {text}\n" for text in PLAIN),
        "  tagged:\n",
        *(f"  - {text}\n" for text in TAGGED),
        "  keys:\n",
        *(f"  - {text}: 0\n" for text in KEYS),
    ]
    file = directory / "probe.yaml"
    file.write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        [KUBECTL, "label", "--local", "--filename", file, "--output", "json", "a=b"],
        env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null"},
        capture_output=True,
        check=True,
        timeout=30,
    )
    spec = json.loads(done.stdout)["spec"]
    return {
        "plain": dict(zip(PLAIN, spec["plain"], strict=True)),
        "tagged": dict(zip(TAGGED, spec["tagged"], strict=True)),
        "keys": {text: next(iter(found)) for text, found in zip(KEYS, spec["keys"], strict=True)},
    }


def same(ours: object, theirs: object) -> bool:
    """Equal, and of one kind; a number beyond 64 bits is equal when it names the same float."""
    if isinstance(ours, float) and isinstance(theirs, int) and not isinstance(theirs, bool):
        return ours == float(theirs)
    return ours == theirs and isinstance(ours, bool) is isinstance(theirs, bool)


def test_the_golden_file_is_what_kubectl_says(tmp_path: Path) -> None:
    answer = ask_kubectl(tmp_path)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(answer, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    assert answer == EXPECTED or os.environ.get("UPDATE_GOLDEN")
    assert len(answer["plain"]) >= 60


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_scalar_reads_as_kubectl_reads_it(text: str) -> None:
    found = scalars.resolve(text)

    assert same(found, EXPECTED["plain"][text])


@pytest.mark.parametrize("text", TAGGED)
def test_a_quoted_or_tagged_scalar_reads_as_kubectl_reads_it(text: str) -> None:
    (document,) = yamlio.load_all(f"- {text}\n".encode(), file="a.yaml")

    assert same(document.value[0], EXPECTED["tagged"][text])


@pytest.mark.parametrize("text", KEYS)
def test_a_key_becomes_the_text_kubectl_makes_of_it(text: str) -> None:
    assert scalars.plain_key(text) == EXPECTED["keys"][text]


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
def test_what_json_has_no_word_for_is_refused(text: str) -> None:
    with pytest.raises(scalars.ScalarError, match="quote"):
        scalars.resolve(text)


@pytest.mark.parametrize("text", ["~", "", "null", "1e39", ".inf"])
def test_a_key_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(scalars.ScalarError, match="key"):
        scalars.plain_key(text)


@pytest.mark.parametrize("tag", ["int", "float", "bool", "null"])
def test_a_value_that_is_not_of_its_tag_is_refused(tag: str) -> None:
    with pytest.raises(scalars.ScalarError, match=tag):
        scalars.resolve_tagged("abc", scalars.TAG_PREFIX + tag)


def test_numbers_of_any_length_are_read_in_no_time() -> None:
    digits = "9" * 500_000

    found = scalars.integer("9" * 300)

    assert found == pytest.approx(1e300)
    assert scalars.resolve(digits) == digits
    with pytest.raises(scalars.ScalarError):
        scalars.number(math.inf)
