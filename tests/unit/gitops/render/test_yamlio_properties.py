"""Whatever bytes come, the reader reads them or says YamlError; what it writes it reads back."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitops.render import yamlio
from gitops.render.yamlio import YamlError
from tests.unit.gitops.render.programs import KUBECTL

if TYPE_CHECKING:
    from pathlib import Path

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
    | st.sampled_from(
        ["yes", "1e3", "0o14", "n", "~", "null", "<<", "=", "2024-01-01", "- a", "a: b"]
    ),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.text(
                st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=10
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values)
@settings(max_examples=200, deadline=None)
def test_what_is_written_reads_back_the_same(value: Any) -> None:
    text = yamlio.dump_all([value])

    assert [document.value for document in yamlio.load_all(text.encode(), file="a")] == [value]


def test_what_is_written_reads_the_same_to_kubectl(tmp_path: Path) -> None:
    words = [
        "yes",
        "n",
        "1e3",
        "0o14",
        "014",
        "22:22",
        "~",
        "",
        "null",
        ".5",
        "0x1F",
        "1_000",
        "a\nb\n",
        "é",
    ]
    manifest = {
        "apiVersion": "example.com/v1",
        "kind": "Probe",
        "metadata": {"name": "probe"},
        "spec": {"words": words, "keys": {word: word for word in words}, "numbers": [1, 1.5, 1e20]},
    }
    file = tmp_path / "probe.yaml"
    file.write_text(yamlio.dump_all([manifest]), encoding="utf-8")

    done = subprocess.run(
        [KUBECTL, "label", "--local", "--filename", file, "--output", "json", "a=b"],
        env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null"},
        capture_output=True,
        check=True,
        timeout=30,
    )

    assert json.loads(done.stdout)["spec"] == manifest["spec"]


yaml_like = st.text(
    st.sampled_from(
        [*"ab01.-+:?,[]{}&*!|>'\"%@#<~ \t\n\\_xe", "\0", "\x85", "\ufeff", "\u2028", "é"]
    ),
    max_size=60,
)


@given(yaml_like | st.text(max_size=60))
@example("*a")
@example("&a *a")
@example("? ")
@example("%TAG ! a\n--- !b c")
@example('"\\ud800"')
@settings(max_examples=600, deadline=None)
def test_any_text_is_read_as_json_values_or_refused_as_yaml(text: str) -> None:
    with contextlib.suppress(YamlError):
        found = yamlio.load_all(text.encode("utf-8", "surrogatepass"), file="a.yaml")
        json.dumps([document.value for document in found], allow_nan=False).encode()


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_as_yaml(data: bytes) -> None:
    with contextlib.suppress(YamlError):
        assert isinstance(yamlio.load_all(data, file="a.yaml"), tuple)
