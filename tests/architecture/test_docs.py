"""What the pages say is so: their tables, names of settings and reasons, files and links."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from projects.api import errors as rest
from projects.kube.conditions import Reason
from scripts import generate_docs
from tests.architecture.modules import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
SETTINGS = ROOT / "docs" / "settings.md"
ERRORS = ROOT / "docs" / "errors.md"
# Which no other table of that page has.
KINDS_COLUMNS = 5
PACKAGES = ("projects", "gitops", "federation")
# The first part of a path that means a file of the project; `var` and examples are no such.
FOLDERS = frozenset(
    path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in (".venv", "var")
)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+/?")
_LINK = re.compile(r"\]\((?!https?:)(?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", generate_docs.TABLES)
def test_a_generated_table_is_current(name: str) -> None:
    assert name not in generate_docs.stale(), "run `python -m scripts.generate_docs`"


def test_every_reason_has_a_comment_that_says_when_it_is_given() -> None:
    silent = [each.word for each in generate_docs.reasons() if not each.meaning]

    assert silent == []
    assert {each.word for each in generate_docs.reasons()} == set(Reason)


def test_every_reason_is_explained() -> None:
    explained = set(_CODE.findall(_cells(ERRORS, column=0)))

    assert set(Reason) - explained == set()
    assert set(_reasons_in_code()) - explained == set()


def test_every_kind_of_error_is_in_the_table_with_its_code() -> None:
    table = (row for row in _rows(ERRORS) if len(row) == KINDS_COLUMNS)
    codes = {row[0].strip("`"): row[-1].partition(",")[0] for row in table}

    for kind, code in rest.CODES.items():
        assert codes[kind.__name__] == str(code)


def test_every_setting_is_explained_with_its_default() -> None:
    rows = {row[0].strip("`"): row[1].strip("`") for row in _rows(SETTINGS) if row[0][0] == "`"}
    read = dict(_settings_in_code())

    assert rows.keys() == read.keys()
    for name, default in read.items():
        if default is not None:
            assert rows[name] == default, name


def test_the_settings_are_found() -> None:
    read = dict(_settings_in_code())

    assert read["SLIPWAY_WORKERS"] == "2"
    assert read["SLIPWAY_ALLOW_HTTP"] == "false"
    assert {"SLIPWAY_ENV_FILE", "DATABASE_URL"} <= read.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_a_page_names_exists(page: Path) -> None:
    named = [text for text in _CODE.findall(_prose(page)) if _PATH.fullmatch(text)]
    files = [name for name in named if name.partition("/")[0] in FOLDERS]

    assert [name for name in files if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for match in _LINK.finditer(_prose(page)):
        file = page.parent / match["file"] if match["file"] else page
        if not file.exists() or (match["anchor"] and match["anchor"] not in _anchors(file)):
            broken.append(match[0])

    assert broken == []


def test_the_pages_are_found() -> None:
    assert {ROOT / "README.md", SETTINGS, ERRORS} <= set(PAGES)


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def _rows(page: Path) -> Iterator[list[str]]:
    for line in _prose(page).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _cells(page: Path, *, column: int) -> str:
    return "\n".join(row[column] for row in _rows(page))


def _anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    headings = _HEADING.findall(_prose(page))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def _reasons_in_code() -> Iterator[str]:
    """Words that stand as a default_reason without being in the enumeration."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            yield from re.findall(r'default_reason(?:: [\w\[\]]+)? = "(\w+)"', text)


def _settings_in_code() -> Iterator[tuple[str, str | None]]:
    """Names of settings in config/env.py with their defaults; None for one that is computed."""
    tree = ast.parse((ROOT / "config" / "env.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner, method = ast.unparse(node.func.value), node.func.attr
        if (owner == "env" and method != "read_env") or (owner, method) == ("os.environ", "get"):
            (name,) = (each.value for each in node.args[:1] if isinstance(each, ast.Constant))
            default = next((each.value for each in node.keywords if each.arg == "default"), None)
            yield str(name), _shown(default)


def _shown(default: ast.expr | None) -> str | None:
    try:
        value = ast.literal_eval(default) if default is not None else None
    except ValueError:
        return None
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value) or "none"
    return str(value) or "none"
