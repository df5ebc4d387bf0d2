"""Every module begins by saying what it is for; only an empty package marker may be silent."""

from __future__ import annotations

import ast

import pytest

from tests.architecture import modules


@pytest.mark.parametrize("path", modules.paths())
def test_a_module_has_a_docstring(path: str) -> None:
    text = (modules.ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text, filename=path)

    assert ast.get_docstring(tree) or not tree.body, f"{path} does not say what it is for"
