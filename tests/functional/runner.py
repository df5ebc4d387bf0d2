"""Runs management commands one after another in one process, because starting Django costs a
second.

In: lines of JSON, {"args": [...], "stdin": "..."}. Out: lines of JSON, {"code", "stdout",
"stderr"}. What is run is what `manage.py` runs; that it also runs as a program of its own is shown
by test_a_users_way.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    answers = os.fdopen(os.dup(1), "w")
    django.setup()
    for line in sys.stdin:
        asked = json.loads(line)
        answers.write(json.dumps(_run(asked["args"], asked["stdin"])) + "\n")
        answers.flush()


def _run(args: list[str], text: str) -> dict[str, object]:
    from django.core.management import execute_from_command_line
    from django.db import close_old_connections

    close_old_connections()
    out, err, code = io.StringIO(), io.StringIO(), 0
    before, sys.stdin = sys.stdin, io.StringIO(text)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            execute_from_command_line(["manage.py", *args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.stdin = before
    return {"code": code, "stdout": out.getvalue(), "stderr": err.getvalue()}


if __name__ == "__main__":
    main()
