"""Write the tables of docs/ that say what the code says: reasons, and who may do what.

In: the comments beside projects.kube.conditions.Reason, and the tables of projects.roles and
projects.access. Out: the parts of docs/errors.md and docs/permissions.md between
`<!-- generated: NAME -->` and `<!-- end -->`; everything around them is written by people.

    .venv/bin/python -m scripts.generate_docs            writes
    .venv/bin/python -m scripts.generate_docs --check    only says what is not current; exit code 1

tests/architecture/test_docs.py checks the same.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from projects import access, roles
from projects.kube import conditions
from projects.roles import Role, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

DOCS = Path(__file__).resolve().parent.parent / "docs"
_NOQA = re.compile(r"# noqa: \w+\s*")
_MEANINGS = {
    Verb.VIEW: "see the project and everything in it, secret values excepted",
    Verb.SYNC: "sync now, suspend, resume, confirm a prune",
    Verb.EDIT: "make, change and delete sources and secrets",
    Verb.ADMIN: "change the project's name for people and its description",
    Verb.PLATFORM: "register and remove clusters, make and remove projects, attach and detach",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonEntry:
    """One reason as conditions.py has it: its heading, its word, the comment beside it."""

    heading: str
    word: str
    meaning: str


def reasons(path: Path = Path(conditions.__file__)) -> tuple[ReasonEntry, ...]:
    """Read the reasons with their comments, in order; a reason without one has meaning ""."""
    with path.open("rb") as file:
        comments = {
            token.start[0]: _NOQA.sub("", token.string).lstrip("# ").strip()
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.COMMENT
        }
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    body = next(node.body for node in classes if node.name == "Reason")
    found, heading, line = [], "", body[0].lineno
    for node in body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
            continue
        end = node.end_lineno or node.lineno
        between = [comments.get(each, "") for each in range(line, node.lineno)]
        heading = " ".join(filter(None, between)) or heading
        beside = [comments.get(each, "") for each in range(node.lineno, end + 1)]
        found.append(
            ReasonEntry(
                heading=heading.rstrip("."),
                word=str(node.value.value),
                meaning=" ".join(filter(None, beside)),
            )
        )
        line = end + 1
    return tuple(found)


def reasons_table() -> str:
    """Write the reasons, one table under each heading."""
    parts = []
    for heading in dict.fromkeys(each.heading for each in reasons()):
        rows = [(f"`{e.word}`", _sentence(e.meaning)) for e in reasons() if e.heading == heading]
        parts += [f"### {heading}", _table(("Reason", "Given when"), rows)]
    return "\n\n".join(parts)


def roles_table() -> str:
    """Write role by verb."""
    rows = [
        (
            f"`{role}`",
            f"`{roles.group_name('<project>', role)}`",
            *(_mark(verb in roles.PERMISSIONS[role]) for verb in Verb),
        )
        for role in Role
    ]
    rows.append(("platform auditor", f"`{roles.PLATFORM_AUDITOR}`", *_platform(auditor=True)))
    rows.append(("platform admin", f"`{roles.PLATFORM_ADMIN}`", *_platform(auditor=False)))
    return _table(("Role", "Django group", *(f"`{verb}`" for verb in Verb)), rows)


def verbs_table() -> str:
    """Write what each verb lets people do."""
    rows = [(f"`{verb}`", _sentence(_MEANINGS[verb])) for verb in Verb]
    return _table(("Verb", "Lets one"), rows)


def scopes_table() -> str:
    """Write which verbs the scope of a token lets through."""
    rows = [
        (f"`{scope}`", *(_mark(verb in verbs) for verb in Verb))
        for scope, verbs in access.SCOPES.items()
    ]
    return _table(("Scope", *(f"`{verb}`" for verb in Verb)), rows)


TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "errors.md": {"reasons": reasons_table},
    "permissions.md": {"roles": roles_table, "verbs": verbs_table, "scopes": scopes_table},
}


def current(name: str) -> str:
    """Give the text a page should have.

    Raises: ValueError when the page has no place for one of its tables.
    """
    text = (DOCS / name).read_text(encoding="utf-8")
    for table, write in TABLES[name].items():
        start, end = f"<!-- generated: {table} -->\n", "<!-- end -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"docs/{name} has no lines {start.strip()} and {end}")
        text = f"{before}{start}\n{write()}\n\n{end}{after}"
    return text


def stale() -> tuple[str, ...]:
    """Name the pages that do not say what the code says."""
    return tuple(
        name for name in TABLES if (DOCS / name).read_text(encoding="utf-8") != current(name)
    )


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them."""
    found = stale()
    for name in found:
        print(f"docs/{name} is not current" if arguments else f"docs/{name} written")
        if not arguments:
            (DOCS / name).write_text(current(name), encoding="utf-8")
    return 1 if arguments and found else 0


def _platform(*, auditor: bool) -> list[str]:
    actor = access.Actor(
        name="anybody",
        via="docs",
        groups=frozenset({roles.PLATFORM_AUDITOR if auditor else roles.PLATFORM_ADMIN}),
    )
    return [_mark(actor.may(verb, "anything")) for verb in Verb]


def _sentence(text: str) -> str:
    """A comment as a sentence; `spec.path` stays as it is written."""
    first = text.partition(" ")[0]
    start = text[:1].upper() if first.isalpha() else text[:1]
    return f"{start}{text[1:]}." if text else ""


def _mark(allowed: bool) -> str:
    return "yes" if allowed else "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
