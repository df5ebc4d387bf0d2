"""`manage.py init`: from a checkout to a hub that can be started.

Writes the settings file with fresh keys, makes or migrates the tables, and makes a first
administrator if asked. Asking again is harmless: a file that is there stays, tables that are up to
date stay. Settings are read when a process starts, so once the file is written the rest is done by
a second process that has read it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command

from federation.management import arguments, cli, keyfile
from projects import ledger
from projects.errors import AlreadyExists
from projects.operations import naming

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_NEXT = """
next:
  manage.py worker                                     in one terminal: does the work
  manage.py serve                                      in another: admin site and REST API
  manage.py project create shop
  manage.py cluster add east --kubeconfig east.yaml
  manage.py cluster attach east shop --wait
  manage.py source add shop web --url https://... --wait
every command has --help with examples"""


class Command(cli.Command):
    help = (
        "Set the hub up: write SLIPWAY_ENV_FILE with fresh keys (never overwritten), make or "
        "migrate the tables. "
        "Run it again after an upgrade."
    )
    example = """
        manage.py init --admin ada
        manage.py init --admin ada --password-stdin < password.txt
    """
    needs_keys = False

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin",
            metavar="NAME",
            default="",
            help="make a superuser of this name; the password is made up and printed once",
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="take the superuser's password from standard input",
        )

    def run(self, options: cli.Options) -> None:
        if options.password_stdin and not options.admin:
            cli.usage("--password-stdin goes with --admin")
        missing = cli.missing_keys()
        if missing:
            path = Path(settings.SLIPWAY["ENV_FILE"])
            keyfile.write(path, missing=missing)
            self.say(f"wrote {path} (readable by you alone); keep a copy apart from the database")
            raise SystemExit(_start_over(options))
        _make_tables()
        self.say("the tables are up to date")
        if options.admin:
            self._make_admin(options)
        self.say(_NEXT)

    def _make_admin(self, options: cli.Options) -> None:
        given = arguments.read_value(field="--password-stdin") if options.password_stdin else ""
        password = given or secrets.token_urlsafe(18)
        _make_superuser(options.admin, password)
        self.say(f"superuser {options.admin} made")
        if not given:
            self.say(f"password (shown this once): {password}")


def _start_over(options: cli.Options) -> int:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "init"]
    command += ["--admin", options.admin] if options.admin else []
    command += ["--password-stdin"] if options.password_stdin else []
    return subprocess.run(command, check=False).returncode


def _make_tables() -> None:
    """A new SQLite file is readable by its owner alone, and so is the folder of the mirrors."""
    before = os.umask(0o077)
    try:
        Path(settings.SLIPWAY["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        os.umask(before)


def _make_superuser(name: str, password: str) -> None:
    users = get_user_model()
    if users.objects.filter(username=name).exists():
        raise AlreadyExists(
            f"user {name!r} exists; `manage.py changepassword {name}` sets another password"
        )
    user = users(username=name, is_staff=True, is_superuser=True)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise naming.invalid("--admin", " ".join(error.messages)) from error
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise naming.invalid("--password-stdin", " ".join(error.messages)) from error
    user.set_password(password)
    with ledger.operation():
        user.save(force_insert=True)
        ledger.acted(actor=cli.actor(), verb="create-admin", kind="User", name=name, now=cli.now())
