"""`manage.py token`: what machines show at the REST API. The text is printed once and is nowhere
afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from federation.management import arguments, cli, printing
from projects import queries
from projects.errors import NotFound
from projects.models import ApiToken
from projects.operations import tokens

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as lists show it: its first characters, never its text."""

    id: int
    name: str
    prefix: str
    scope: str
    project: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


_COLUMNS: printing.Columns = {
    "ID": lambda row: row.id,
    "NAME": lambda row: row.name,
    "PREFIX": lambda row: row.prefix,
    "SCOPE": lambda row: row.scope,
    "PROJECT": lambda row: row.project,
    "CREATED": lambda row: row.created_at,
    "EXPIRES": lambda row: row.expires_at,
    "REVOKED": lambda row: row.revoked_at,
    "LAST USED": lambda row: row.last_used_at,
}


class Command(cli.Command):
    help = (
        "Make, list and revoke API tokens. A token can do what its user can, and no more than "
        "its scope."
    )
    example = """
        manage.py token create ada ci --scope sync --project shop --expires-in 90
        manage.py token list ada
    """

    def arguments(self, parser: CommandParser) -> None:
        actions = cli.Actions(parser)
        create = actions.add(
            "create",
            self.create,
            help="Make a token for a user and print its text, this once, on stdout.",
            example="manage.py token create ada ci --scope sync --expires-in 90 > token.txt",
        )
        create.add_argument("user", metavar="USER", help="the user it acts for")
        create.add_argument("name", metavar="NAME", help="what it is for")
        create.add_argument(
            "--scope",
            choices=ApiToken.Scope.values,
            default=str(ApiToken.Scope.READ),
            help="read; sync also suspends, resumes and syncs; write is all its user may "
            "(default: read)",
        )
        create.add_argument("--project", default="", help="good for this project only")
        create.add_argument(
            "--expires-in",
            metavar="DAYS",
            type=arguments.positive,
            help="ends after this many days (default: never)",
        )
        listing = actions.add(
            "list",
            self.list,
            help="List the tokens of a user, newest first.",
            example="manage.py token list ada",
        )
        listing.add_argument("user", metavar="USER")
        printing.add_output(listing)
        revoke = actions.add(
            "revoke",
            self.revoke,
            help="End a token; the next request with it is refused.",
            example="manage.py token revoke 7",
        )
        revoke.add_argument(
            "id", metavar="ID", type=arguments.positive, help="the ID that `token list` shows"
        )

    def create(self, options: cli.Options) -> None:
        actor, now = cli.actor(), cli.now()
        project = queries.project(actor=actor, name=options.project) if options.project else None
        ends = _after(now, options.expires_in) if options.expires_in else None
        made, text = tokens.create(
            user=_user(options.user),
            name=options.name,
            scope=options.scope,
            project=project,
            expires_at=ends,
            actor=actor,
            now=now,
        )
        self.tell(f"token {made.pk} made; its text is shown this once:")
        self.say(text)

    def list(self, options: cli.Options) -> None:
        found = [_token(row) for row in queries.tokens(user=_user(options.user))]
        self.say(printing.rows(found, _COLUMNS, output=options.output))

    def revoke(self, options: cli.Options) -> None:
        row = ApiToken.objects.select_related("user", "project").filter(pk=options.id).first()
        if row is None:
            raise NotFound(f"token {options.id} not found")
        tokens.revoke(token=row, actor=cli.actor(), now=cli.now())
        self.say(f"token {row.pk} ({row.name} of {row.user.get_username()}) is revoked")


def _user(name: str) -> Any:
    found = get_user_model().objects.filter(username=name).first()
    if found is None:
        raise NotFound(
            f"user {name!r} not found; make one in the admin site, or with `manage.py init --admin`"
        )
    return found


def _after(now: datetime, days: int) -> datetime:
    # A date no calendar has is as good as never.
    return now + timedelta(days=min(days, 36_500))


def _token(row: ApiToken) -> Token:
    return Token(
        id=row.pk,
        name=row.name,
        prefix=row.prefix,
        scope=row.scope,
        project=row.project.name if row.project else "",
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
