"""`python -m scripts.demo`: the demo from its first line to its last.

In: --once, where to keep things, where to listen; KUBECONFIG. Out: a running demo until Ctrl-C
(exit code 0), or with --once what was checked (0). 1 with the reason when something went wrong, 130
when it was interrupted before it was there. Children have ended in any case.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo import DemoFailed, guide, members, once, stage
from scripts.demo.folder import claim
from scripts.demo.telling import page, step

if TYPE_CHECKING:
    from scripts.demo.stage import Demo

_FAILED, _INTERRUPTED = 1, 130
_LAST_PORT = 65_535
_LOOK_SECONDS = 0.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run it; return the exit code."""
    options = _parser().parse_args(arguments)
    for number in _SIGNALS:
        signal.signal(number, _end)
    os.umask(0o077)
    try:
        clean = partial(members.clean, namespace=stage.NAMESPACE)
        with (
            claim(options.directory.absolute(), before_removal=clean) as folder,
            stage.running(folder, environ=os.environ, port=options.port) as demo,
        ):
            if not options.once:
                return _stay(demo)
            once.check(demo)
        page("\ndemo: all is well")
    except DemoFailed as error:
        print(f"\ndemo: {error}", file=sys.stderr, flush=True)
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _stay(demo: Demo) -> int:
    """Keep everything running until told to end."""
    try:
        page(guide.page(demo))
        stopped: set[str] = set()
        while True:
            time.sleep(_LOOK_SECONDS)
            demo.hub.check()
            demo.server.requests.clear()  # kept for tests; nobody reads them here
            stop_and_start(demo, stopped)
    except KeyboardInterrupt:
        return 0


def stop_and_start(demo: Demo, stopped: set[str]) -> None:
    """Do to clusters what the reader asked for by files in .demo/stopped."""
    for member in demo.members:
        if member.real is None:
            continue
        wanted = (demo.folder.stopped / member.name).exists()
        if wanted and member.name not in stopped:
            member.real.stop()
            stopped.add(member.name)
            step(f"{member.name} is stopped")
        elif not wanted and member.name in stopped:
            member.real.start()
            stopped.remove(member.name)
            step(f"{member.name} runs again")


def _end(_number: int, _frame: object) -> None:
    """End once; ending takes a moment, and a second Ctrl-C must not leave anything running."""
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which children would inherit
    page("\ndemo: ending everything; this takes a few seconds")
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    environ = os.environ
    parser = argparse.ArgumentParser(
        prog="demo",
        description="Show Slipway at work on this machine, until Ctrl-C. With KUBECONFIG set, the "
        "cluster of each file's current context takes part; otherwise two are made.",
    )
    parser.add_argument(
        "--once", action="store_true", help="check everything with kubectl, then end"
    )
    parser.add_argument(
        "--directory",
        metavar="PATH",
        type=Path,
        default=Path(environ.get("SLIPWAY_DEMO_DIR") or ".demo"),
        help="where to keep everything (default: SLIPWAY_DEMO_DIR, or .demo)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="PORT",
        default=environ.get("SLIPWAY_DEMO_PORT") or "8000",
        help="the web server's port, or the next that is free; 0: any (default: "
        "SLIPWAY_DEMO_PORT, or 8000)",
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: use 0 to {_LAST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
