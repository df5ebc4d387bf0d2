"""`manage.py source`: what of which repository goes to which clusters, and how far it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from federation.management import arguments, cli, printing, progress, sources, waiting
from federation.management.looking import Looking
from gitops import queries
from gitops.operations import sources as operations
from gitops.operations import suspensions
from gitops.operations.sources import SourceSpec
from projects import queries as projects

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_ADD = """
    manage.py source add shop web --url https://git.example/shop.git --secret git --wait
    manage.py source add shop web --url https://git.example/shop.git --selector region=east
"""
_ARRIVED = "every cluster has the newest commit"


class Command(cli.Command):
    help = "Add, change, watch, suspend, sync and delete GitOps sources."
    example = _ADD

    def arguments(self, parser: CommandParser) -> None:
        actions = cli.Actions(parser)
        self._writing(actions)
        self._steering(actions)
        Looking(say=self.say, tell=self.tell).add_actions(actions)

    def _writing(self, actions: cli.Actions) -> None:
        add = actions.add(
            "add", self.add, help="Add a source; fetching starts at once.", example=_ADD
        )
        change = actions.add(
            "set",
            self.set,
            help="Change a source; what is not named stays as it is.",
            example="manage.py source set shop web --branch release --no-prune",
        )
        for action in (add, change):
            sources.add_name(action)
            sources.add_spec(action, url_required=action is add)
            arguments.add_wait(action, until=_ARRIVED)
        delete = actions.add(
            "delete",
            self.delete,
            help="Delete a source and everything it applied, on every cluster.",
            example="manage.py source delete shop web --wait",
        )
        sources.add_name(delete)
        delete.add_argument(
            "--orphan", action="store_true", help="leave what it applied where it is"
        )
        delete.add_argument(
            "--with-protected-kinds",
            action="store_true",
            help="take Namespaces, CustomResourceDefinitions and volumes along",
        )
        arguments.add_wait(delete, until="it is gone from every cluster that answers")

    def _steering(self, actions: cli.Actions) -> None:
        suspend = actions.add(
            "suspend",
            self.suspend,
            help="Stop polling and applying until resumed or until a time.",
            example='manage.py source suspend shop web --for 30m --reason "database migration"',
        )
        suspend.add_argument("--reason", default="", help="why, for those who wonder")
        end = suspend.add_mutually_exclusive_group()
        end.add_argument(
            "--for",
            dest="lasts",
            metavar="TIME",
            type=arguments.duration,
            help="how long: 90s, 30m, 1h30m, 2d",
        )
        end.add_argument(
            "--until", metavar="TIME", type=arguments.moment, help="until when: 2027-01-31T18:00Z"
        )
        resume = actions.add(
            "resume",
            self.resume,
            help="End suspensions and sync to the newest commit.",
            example="manage.py source resume shop web --wait",
        )
        sync = actions.add(
            "sync",
            self.sync,
            help="Fetch, render and compare at once; failures and crashes are forgotten.",
            example="manage.py source sync shop web --wait 60",
        )
        confirm = actions.add(
            "confirm-prune",
            self.confirm_prune,
            help="Let a blocked prune go ahead, for one commit only.",
            example="manage.py source confirm-prune shop web 4f2c9d1",
        )
        for action in (suspend, resume, sync, confirm):
            sources.add_name(action)
        for action in (suspend, resume):
            action.add_argument(
                "--cluster",
                metavar="CLUSTER",
                action="append",
                default=[],
                help="on this cluster only; repeatable (default: everywhere)",
            )
        confirm.add_argument(
            "commit", metavar="COMMIT", help="the commit that waits, 7 characters at least"
        )
        for action in (resume, sync, confirm):
            arguments.add_wait(action, until=_ARRIVED)

    def add(self, options: cli.Options) -> None:
        actor = cli.actor()
        project = projects.project(actor=actor, name=options.project)
        made = operations.create(
            project=project,
            name=options.name,
            spec=sources.spec(options, before=SourceSpec(url=options.url)),
            actor=actor,
            now=cli.now(),
        )
        self.say(f"source {made} added")
        self._wait_for_arrival(options)

    def set(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        spec = sources.spec(options, before=sources.spec_of(found))
        operations.update(source=found, spec=spec, actor=actor, now=cli.now())
        self.say(f"source {found} set")
        self._wait_for_arrival(options)

    def suspend(self, options: cli.Options) -> None:
        actor, now = cli.actor(), cli.now()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        until = now + options.lasts if options.lasts else options.until
        suspensions.suspend(
            source=found,
            actor=actor,
            now=now,
            reason=options.reason,
            until=until,
            clusters=options.cluster,
        )
        where = ", ".join(options.cluster) or "every cluster"
        self.say(
            f"source {found} is suspended on {where}"
            + (f" until {printing.cell(until)}" if until else "")
        )

    def resume(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        suspensions.resume(source=found, actor=actor, now=cli.now(), clusters=options.cluster)
        self.say(f"source {found} is resumed on {', '.join(options.cluster) or 'every cluster'}")
        self._wait_for_arrival(options)

    def sync(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        operations.sync(source=found, actor=actor, now=cli.now())
        self.say(f"source {found} is being synced")
        self._wait_for_arrival(options)

    def confirm_prune(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        operations.confirm_prune(source=found, commit=options.commit, actor=actor, now=cli.now())
        self.say(f"source {found} may prune for commit {found.prune_confirmed_commit}")
        self._wait_for_arrival(options)

    def delete(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.source(actor=actor, project_name=options.project, name=options.name)
        operations.request_deletion(
            source=found,
            actor=actor,
            now=cli.now(),
            orphan=options.orphan,
            protected_kinds=options.with_protected_kinds,
        )
        self.say(
            f"source {found} is being deleted" + (", its objects stay" if options.orphan else "")
        )
        if options.wait:
            look = partial(
                progress.of_deletion,
                actor=actor,
                project_name=options.project,
                name=options.name,
                uid=found.uid,
            )
            waiting.wait(look, seconds=options.wait, tell=self.tell)
            self.say(f"source {found} is gone")

    def _wait_for_arrival(self, options: cli.Options) -> None:
        if options.wait:
            look = partial(
                progress.of_source,
                actor=cli.actor(),
                project_name=options.project,
                name=options.name,
            )
            seen = waiting.wait(look, seconds=options.wait, tell=self.tell)
            self.say(seen.message or "every cluster has the newest commit")
