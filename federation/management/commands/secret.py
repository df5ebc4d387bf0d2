"""`manage.py secret`: what repositories are opened with. Values come from files and standard input,
and never go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.management import arguments, cli, printing
from gitops.git.credentials import Credentials
from projects import queries
from projects.operations import naming, secrets

if TYPE_CHECKING:
    import argparse

    from django.core.management.base import CommandParser

_COLUMNS: printing.Columns = {
    "NAME": lambda row: row.name,
    "TYPE": lambda row: row.type,
    "KEYS": lambda row: row.keys,
    "CREATED": lambda row: row.created_at,
    "DIGEST": lambda row: row.digest,
}
_CREATE = """
    manage.py secret create shop git --username robot --password-stdin < password.txt
    manage.py secret create shop git --token-stdin --ca-file ca.pem < token.txt
    manage.py secret create shop git --from-file username=user.txt --from-file password=password.txt
"""


class Command(cli.Command):
    help = (
        "Keep, list, replace and remove the secrets of a project. Values are sealed and never "
        "shown again."
    )
    example = _CREATE

    def arguments(self, parser: CommandParser) -> None:
        actions = cli.Actions(parser)
        create = actions.add(
            "create", self.create, help="Keep a secret under a name.", example=_CREATE
        )
        replace = actions.add(
            "replace",
            self.replace,
            help="Put another payload in its place, whole; its sources are tried again at once.",
            example="manage.py secret replace shop git --token-stdin < token.txt",
        )
        for action in (create, replace):
            _add_name(action)
            _add_payload(action)
        listing = actions.add(
            "list",
            self.list,
            help="List the secrets of a project, without values.",
            example="manage.py secret list shop",
        )
        listing.add_argument("project", metavar="PROJECT")
        printing.add_output(listing)
        delete = actions.add(
            "delete",
            self.delete,
            help="Forget a secret; its sources keep what is deployed and say SecretNotFound.",
            example="manage.py secret delete shop git",
        )
        _add_name(delete)

    def create(self, options: cli.Options) -> None:
        actor, payload = cli.actor(), _payload(options)
        project = queries.project(actor=actor, name=options.project)
        made = secrets.create(
            project=project,
            name=options.name,
            payload=payload,
            actor=actor,
            now=cli.now(),
        )
        self.say(f"secret {made.name} kept, with {', '.join(made.key_names)}")

    def replace(self, options: cli.Options) -> None:
        actor, payload = cli.actor(), _payload(options)
        found = queries.secret(actor=actor, project_name=options.project, name=options.name)
        made = secrets.replace(secret=found, payload=payload, actor=actor, now=cli.now())
        self.say(f"secret {made.name} replaced, with {', '.join(made.key_names)}")

    def list(self, options: cli.Options) -> None:
        project = queries.project(actor=cli.actor(), name=options.project)
        self.say(printing.rows(queries.secrets(project=project), _COLUMNS, output=options.output))

    def delete(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.secret(actor=actor, project_name=options.project, name=options.name)
        secrets.delete(secret=found, actor=actor, now=cli.now())
        self.say(f"secret {options.name} forgotten")


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("name", metavar="NAME")


def _add_payload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", default="", help="the user name of --password-stdin")
    value = parser.add_mutually_exclusive_group()
    value.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    value.add_argument(
        "--token-stdin", action="store_true", help="read a bearer token from standard input"
    )
    value.add_argument(
        "--from-file",
        metavar="KEY=PATH",
        type=arguments.key_path,
        action="append",
        default=[],
        help="take the value of a key from a file, byte by byte; repeatable",
    )
    parser.add_argument(
        "--ca-file", metavar="PATH", help="the CA of the Git server, PEM; kept as ca.crt"
    )


def _payload(options: cli.Options) -> dict[str, str]:
    if bool(options.username) != options.password_stdin:
        cli.usage("--username and --password-stdin go together")
    payload: dict[str, str] = {}
    for key, path in options.from_file:
        if key in payload:
            raise naming.invalid("--from-file", f"{key!r} is given twice")
        payload[key] = arguments.read_text(path, field="--from-file")
    if options.password_stdin:
        payload = {
            "username": options.username,
            "password": arguments.read_value(field="--password-stdin"),
        }
    if options.token_stdin:
        payload = {"bearerToken": arguments.read_value(field="--token-stdin")}
    if options.ca_file:
        payload["ca.crt"] = arguments.read_text(options.ca_file, field="--ca-file")
    if not payload:
        cli.usage("give --username with --password-stdin, --token-stdin, --from-file or --ca-file")
    if not options.from_file:
        # Meant for git, so what git could not use is refused now and not at the first fetch.
        Credentials.from_secret(payload)
    return payload
