"""What every command of the hub has in common: shape, exit codes, how it says what went wrong.

In: a subclass that names its actions and their functions. Out: help with examples, 0 when it went
well, 1 for a DomainError (one line on stderr, the field, what to do next), 2 for a wrong call, 3
when --wait waited in vain. Bugs keep their traceback. Nothing is decided here: commands call
operations and queries as any other door does.

Whoever may run a command on the hub's machine owns its keys and its database, so the actor is a
superuser and carries the name of the operating system's user into the audit trail.
"""

from __future__ import annotations

import argparse
import os
import pwd
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter
from django.db import OperationalError, ProgrammingError

from federation.management import hints
from federation.management.errors import NotInitialised, WaitedInVain
from projects import access, worker
from projects.errors import DomainError
from projects.kube import masking

if TYPE_CHECKING:
    from datetime import datetime

    from projects.access import Actor

LONGEST_MESSAGE = 2000

Options = argparse.Namespace
Run = Callable[[Options], None]


class Exit(IntEnum):
    """What a command says to the shell."""

    ERROR = 1
    USAGE = 2
    WAITED_IN_VAIN = 3
    INTERRUPTED = 130


class UsageError(Exception):
    """Arguments that argparse lets through but that do not go together."""


class Help(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Django's order of options, with the examples left as they are written."""


class Command(BaseCommand):
    """A command; subclasses set help and example and implement `arguments` and `run`."""

    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; nothing is checked twice
    # False for the one command that makes the keys.
    needs_keys = True
    example = ""

    def arguments(self, parser: CommandParser) -> None:
        """Declare arguments, or actions by `Actions`."""

    def run(self, options: Options) -> None:
        """Do it; a command with actions leaves this alone."""
        action: Run = options.run
        action(options)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", Help)
        kwargs.setdefault("epilog", _epilog(self.example))
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        self.arguments(parser)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except UsageError as error:
            self._fail(
                f"error: {error}", "  next: --help shows what goes together", code=Exit.USAGE
            )
        except DomainError as error:
            if options.get("traceback"):
                raise
            code = Exit.WAITED_IN_VAIN if isinstance(error, WaitedInVain) else Exit.ERROR
            self._fail(*_lines(error), code=code)
        except (OperationalError, ProgrammingError) as error:
            if options.get("traceback"):
                raise
            said = masking.printable(masking.scrub(str(error)), limit=LONGEST_MESSAGE)
            self._fail(f"error: the database: {said}", f"  next: {hints.DATABASE}", code=Exit.ERROR)
        except BrokenPipeError:
            # The reader (head, less) has seen enough; Python would complain again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise SystemExit(Exit.ERROR) from None
        except KeyboardInterrupt:
            raise SystemExit(Exit.INTERRUPTED) from None

    def handle(self, *_args: Any, **options: Any) -> None:
        if self.needs_keys:
            check_keys()
        self.run(Options(**options))

    def say(self, text: str) -> None:
        """Write a line of the answer."""
        self.stdout.write(text)
        self.stdout.flush()

    def tell(self, text: str) -> None:
        """Write a line beside the answer, for the person who waits."""
        self.stderr.write(text, style_func=str)
        self.stderr.flush()

    def _fail(self, *lines: str, code: Exit) -> NoReturn:
        for line in lines:
            self.tell(line)
        raise SystemExit(code)


class Actions:
    """The actions of a command, each with its own help and example."""

    def __init__(self, parser: CommandParser) -> None:
        self._parsers = parser.add_subparsers(
            title="actions", metavar="ACTION", required=True, dest="action"
        )

    def add(self, name: str, run: Run, *, help: str, example: str) -> CommandParser:
        """Declare one action."""
        parser: CommandParser = self._parsers.add_parser(
            name, help=help, description=help, epilog=_epilog(example), formatter_class=Help
        )
        parser.set_defaults(run=run)
        return parser


def actor() -> Actor:
    """Who acts: the operator at this machine, by the name the operating system knows."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        name = str(os.getuid())
    return access.system(via="cli", name=f"cli:{name}")


def now() -> datetime:
    """The time by the database's clock."""
    return worker.database_now()


def usage(message: str) -> NoReturn:
    """End with exit code 2."""
    raise UsageError(message)


def check_keys() -> None:
    """Make sure that the hub's keys are set.

    Raises: NotInitialised.
    """
    missing = missing_keys()
    if missing:
        raise NotInitialised(f"{' and '.join(missing)} not set; this hub was not set up yet")


def missing_keys() -> list[str]:
    """Names of the key settings that are empty."""
    try:
        found = {"SLIPWAY_SECRET_KEY": bool(settings.SECRET_KEY)}
    except ImproperlyConfigured:  # how Django says that it is empty
        found = {"SLIPWAY_SECRET_KEY": False}
    found["SLIPWAY_ENCRYPTION_KEYS"] = bool(settings.SLIPWAY["ENCRYPTION_KEYS"])
    return [name for name, is_set in found.items() if not is_set]


def _lines(error: DomainError) -> list[str]:
    show = partial(masking.printable, limit=LONGEST_MESSAGE)
    lines = [f"error: {show(masking.scrub(error.message))}"]
    lines += [f"  field: {show(cause.field)}" for cause in error.causes if cause.field]
    hint = hints.after(error)
    return [*lines, f"  next: {hint}"] if hint else lines


def _epilog(example: str) -> str:
    lines = "\n".join(f"  {line.strip()}" for line in example.strip().splitlines())
    return f"example:\n{lines}" if lines else ""
