"""Which processes belong to a session, as Linux tells it; nothing where there is no /proc."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def of_session(session: int) -> list[int]:
    """The living processes of a session, zombies left out."""
    found = []
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold spaces; state, parent, group and session follow.
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return sorted(found)
