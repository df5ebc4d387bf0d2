"""`manage.py project`: the tenants, each with one namespace of the same name on every attached
cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.management import cli, printing
from projects import queries
from projects.operations import projects

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_COLUMNS: printing.Columns = {
    "NAME": lambda row: row.name,
    "NAMESPACE": lambda row: row.namespace,
    "SOURCES": lambda row: row.sources,
    "CLUSTERS": lambda row: row.clusters,
    "DISPLAY NAME": lambda row: row.display_name,
}


class Command(cli.Command):
    help = "Make, list and remove projects."
    example = """
        manage.py project create shop
        manage.py project list
    """

    def arguments(self, parser: CommandParser) -> None:
        actions = cli.Actions(parser)
        create = actions.add(
            "create",
            self.create,
            help="Make a project and the Django groups behind its roles.",
            example="""
                manage.py project create shop --namespace shop-prod
                manage.py project create ops --allow-cluster-kind PriorityClass.scheduling.k8s.io
            """,
        )
        create.add_argument("name", metavar="NAME", help="a DNS label: a-z, 0-9 and -")
        create.add_argument(
            "--namespace",
            default="",
            help="its namespace on every cluster; never changes (default: the name)",
        )
        create.add_argument("--display-name", default="", help="what people call it")
        create.add_argument(
            "--allow-cluster-kind",
            metavar="KIND.GROUP",
            action="append",
            default=[],
            help="a cluster-scoped kind its sources may apply, as in "
            "ClusterRole.rbac.authorization.k8s.io; repeatable",
        )
        listing = actions.add(
            "list", self.list, help="List the projects.", example="manage.py project list -o json"
        )
        printing.add_output(listing)
        delete = actions.add(
            "delete",
            self.delete,
            help="Remove a project that has no sources, secrets and clusters left.",
            example="manage.py project delete shop",
        )
        delete.add_argument("name", metavar="NAME")

    def create(self, options: cli.Options) -> None:
        made = projects.create(
            name=options.name,
            namespace=options.namespace,
            display_name=options.display_name,
            cluster_kinds=options.allow_cluster_kind,
            actor=cli.actor(),
            now=cli.now(),
        )
        self.say(f"project {made.name} made, with namespace {made.namespace}")

    def list(self, options: cli.Options) -> None:
        self.say(
            printing.rows(queries.projects(actor=cli.actor()), _COLUMNS, output=options.output)
        )

    def delete(self, options: cli.Options) -> None:
        actor = cli.actor()
        projects.delete(
            project=queries.project(actor=actor, name=options.name), actor=actor, now=cli.now()
        )
        self.say(f"project {options.name} removed")
