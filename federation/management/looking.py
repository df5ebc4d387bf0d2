"""The actions of `manage.py source` that only read: list, status, events, deployments, objects."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from federation import queries
from federation.management import arguments, cli, printing, sources, status
from gitops import queries as gitops
from projects import queries as projects

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops.models import Kustomization

_LOOK_EVERY_SECONDS = 1.0

_DEPLOYMENTS: printing.Columns = {
    "FINISHED": lambda row: row.finished_at,
    "CLUSTER": lambda row: row.cluster,
    "REVISION": lambda row: printing.revision(row.revision),
    "STARTED": lambda row: row.started_at,
    "OBJECTS": lambda row: row.counts,
}
_OBJECTS: printing.Columns = {
    "CLUSTER": lambda row: row.cluster,
    "KIND": lambda row: row.kind,
    "NAMESPACE": lambda row: row.namespace,
    "NAME": lambda row: row.name,
    "API VERSION": lambda row: row.api_version,
    "CONFIRMED": lambda row: row.confirmed,
}


class Looking:
    """Reads and prints; holds nothing but where to print."""

    def __init__(self, *, say: Callable[[str], None], tell: Callable[[str], None]) -> None:
        self._say = say
        self._tell = tell

    def add_actions(self, actions: cli.Actions) -> None:
        """Declare them."""
        listing = actions.add(
            "list",
            self.list,
            help="List the sources of a project.",
            example="manage.py source list shop",
        )
        listing.add_argument("project", metavar="PROJECT")
        shown = actions.add(
            "status",
            self.status,
            help="Show how a source is, cluster by cluster.",
            example="manage.py source status shop web --watch",
        )
        shown.add_argument(
            "--watch", action="store_true", help="print it again whenever it changes, until Ctrl-C"
        )
        events = actions.add(
            "events",
            self.events,
            help="List what happened to a source, newest first.",
            example="manage.py source events shop web --limit 20",
        )
        deployments = actions.add(
            "deployments",
            self.deployments,
            help="List which commit reached which cluster when, newest first.",
            example="manage.py source deployments shop web",
        )
        objects = actions.add(
            "objects",
            self.objects,
            help="List the objects a source has on its clusters.",
            example="manage.py source objects shop web --cluster east",
        )
        objects.add_argument("--cluster", default="", help="on this cluster only")
        for action in (events, deployments):
            arguments.add_limit(action, default=100)
        for action in (shown, events, deployments, objects):
            sources.add_name(action)
        for action in (listing, shown, events, deployments, objects):
            printing.add_output(action)

    def list(self, options: cli.Options) -> None:
        project = projects.project(actor=cli.actor(), name=options.project)
        self._say(
            printing.rows(queries.statuses(project=project), status.SOURCES, output=options.output)
        )

    def status(self, options: cli.Options) -> None:
        last = ""
        while True:
            found = status.detail(_source(options))
            text = printing.as_json(found) if options.output == "json" else status.page(found)
            if text != last:
                if last and options.output == "table":
                    self._tell(f"--- {time.strftime('%H:%M:%S')}")
                self._say(text)
            if not options.watch:
                return
            last = text
            time.sleep(_LOOK_EVERY_SECONDS)

    def events(self, options: cli.Options) -> None:
        source = _source(options)
        repository = gitops.repository(source=source)
        uids = [row.uid for row in (source, repository) if row is not None]
        found = projects.events(project=source.project, uids=uids, limit=options.limit)
        self._say(printing.rows(found, status.EVENTS, output=options.output))

    def deployments(self, options: cli.Options) -> None:
        found = queries.deployments(source=_source(options), limit=options.limit)
        self._say(printing.rows(found, _DEPLOYMENTS, output=options.output))

    def objects(self, options: cli.Options) -> None:
        source = _source(options)
        found = queries.inventory(source=source, cluster_name=options.cluster)
        if options.cluster and not found:  # a name that is not there is an error, not an empty list
            projects.attachment(
                actor=cli.actor(), project_name=options.project, cluster_name=options.cluster
            )
        self._say(printing.rows(found, _OBJECTS, output=options.output))


def _source(options: cli.Options) -> Kustomization:
    return gitops.source(actor=cli.actor(), project_name=options.project, name=options.name)
