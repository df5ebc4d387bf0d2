"""`manage.py cluster`: member clusters, which projects they take part in, and what they owe."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from federation import connecting, registering
from federation.connecting import Answer, ClusterIdentityChanged
from federation.management import arguments, cli, debts, printing, progress, waiting
from federation.member.credentials import ClusterAccess, parse_kubeconfig
from projects import queries
from projects.kube.conditions import Reason
from projects.operations import attachments, clusters

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_COLUMNS: printing.Columns = {
    "NAME": lambda row: row.name,
    "READY": lambda row: row.ready,
    "VERSION": lambda row: row.kubernetes_version,
    "SERVER": lambda row: row.server,
    "LABELS": lambda row: row.labels,
    "PROJECTS": lambda row: row.projects,
    "PROBED": lambda row: row.probed_at,
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}

_ATTACHMENTS: printing.Columns = {
    "CLUSTER": lambda row: row.cluster,
    "READY": lambda row: row.ready,
    "PREPARED": lambda row: row.prepared,
    "DETACHING": lambda row: row.detaching,
    "REASON": lambda row: row.reason,
    "MESSAGE": lambda row: row.message,
}


class Command(cli.Command):
    help = "Register clusters, attach them to projects, see and write off what they owe."
    example = """
        manage.py cluster add east --kubeconfig east.yaml --label region=east
        manage.py cluster attach east shop --wait
    """

    def arguments(self, parser: CommandParser) -> None:
        actions = cli.Actions(parser)
        add = actions.add(
            "add",
            self.add,
            help="Try a kubeconfig and register the cluster it leads to.",
            example="""
                manage.py cluster add east --kubeconfig east.yaml --label region=east
                kubectl config view --raw --minify --flatten |
                  manage.py cluster add east --kubeconfig -
            """,
        )
        _add_kubeconfig(add)
        add.add_argument(
            "--label",
            metavar="KEY=VALUE",
            type=arguments.label,
            action="append",
            help="a label that placements can select; repeatable",
        )
        replace = actions.add(
            "replace",
            self.replace,
            help="Give a cluster another address or credential, after trying it.",
            example="manage.py cluster replace east --kubeconfig east-new-token.yaml",
        )
        _add_kubeconfig(replace)
        listing = actions.add(
            "list",
            self.list,
            help="List the clusters and how they answered last.",
            example="manage.py cluster list",
        )
        printing.add_output(listing)
        remove = actions.add(
            "remove",
            self.remove,
            help="Forget a cluster that no project uses.",
            example="manage.py cluster remove east",
        )
        remove.add_argument("name", metavar="NAME")
        self._attaching(actions)
        debts.add_actions(actions, say=self.say)

    def _attaching(self, actions: cli.Actions) -> None:
        attach = actions.add(
            "attach",
            self.attach,
            help="Let a cluster take part in a project: its namespace is made, and every source "
            "that selects it goes there.",
            example="manage.py cluster attach east shop --wait",
        )
        detach = actions.add(
            "detach",
            self.detach,
            help="Take everything the project's sources applied off a cluster, then let it go.",
            example="manage.py cluster detach east shop --wait",
        )
        for action in (attach, detach):
            action.add_argument("cluster", metavar="CLUSTER")
            action.add_argument("project", metavar="PROJECT")
        attach.add_argument(
            "--adopt-namespace",
            action="store_true",
            help="take over the namespace if it exists and is not ours",
        )
        listing = actions.add(
            "attachments",
            self.attachments,
            help="List the clusters of a project and how far they are.",
            example="manage.py cluster attachments shop",
        )
        listing.add_argument("project", metavar="PROJECT")
        printing.add_output(listing)
        arguments.add_wait(attach, until="the namespace is prepared")
        arguments.add_wait(detach, until="nothing is left there, or what is left is a debt")

    def add(self, options: cli.Options) -> None:
        actor, labels = cli.actor(), arguments.labels(options.label, field="--label")
        access, answer = _try(options)
        made = clusters.register(
            name=options.name,
            spec=registering.spec_of(access),
            labels=labels,
            actor=actor,
            now=cli.now(),
        )
        clusters.observe(
            cluster=made,
            now=cli.now(),
            ready=True,
            reason=Reason.CLUSTER_READY,
            message="the cluster answers",
            identity=answer.identity,
            version=answer.version,
        )
        self.say(
            f"cluster {made.name} registered: {made.server} answers as Kubernetes {answer.version}"
        )

    def replace(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.cluster(actor=actor, name=options.name)
        access, answer = _try(options)
        if found.identity and found.identity != answer.identity:
            # The inventory is that of the old one: pruning by it would hit strangers.
            raise ClusterIdentityChanged(
                f"{access.server} is another cluster than {found.name!r}: "
                "its kube-system has another uid"
            )
        clusters.replace_credential(
            cluster=found, spec=registering.spec_of(access), actor=actor, now=cli.now()
        )
        self.say(
            f"cluster {found.name} replaced: {access.server} answers as Kubernetes {answer.version}"
        )

    def list(self, options: cli.Options) -> None:
        self.say(
            printing.rows(queries.clusters(actor=cli.actor()), _COLUMNS, output=options.output)
        )

    def attachments(self, options: cli.Options) -> None:
        project = queries.project(actor=cli.actor(), name=options.project)
        found = queries.attachments(project=project)
        self.say(printing.rows(found, _ATTACHMENTS, output=options.output))

    def remove(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.cluster(actor=actor, name=options.name)
        clusters.remove(cluster=found, actor=actor, now=cli.now())
        owes = " (it still owes deletions: `cluster debts`)" if found.removed_at else ""
        self.say(f"cluster {options.name} removed{owes}")

    def attach(self, options: cli.Options) -> None:
        actor = cli.actor()
        made = attachments.attach(
            project=queries.project(actor=actor, name=options.project),
            cluster=queries.cluster(actor=actor, name=options.cluster),
            adopt_namespace=options.adopt_namespace,
            actor=actor,
            now=cli.now(),
        )
        self.say(f"cluster {options.cluster} is attached to project {options.project}")
        if options.wait:
            look = partial(
                progress.of_attachment,
                actor=actor,
                project_name=options.project,
                cluster_name=options.cluster,
            )
            waiting.wait(look, seconds=options.wait, tell=self.tell)
            self.say(f"namespace {made.project.namespace} is prepared")

    def detach(self, options: cli.Options) -> None:
        actor = cli.actor()
        found = queries.attachment(
            actor=actor, project_name=options.project, cluster_name=options.cluster
        )
        attachments.detach(attachment=found, actor=actor, now=cli.now())
        self.say(f"cluster {options.cluster} is leaving project {options.project}")
        if options.wait:
            look = partial(
                progress.of_detachment,
                actor=actor,
                project_name=options.project,
                cluster_name=options.cluster,
            )
            waiting.wait(look, seconds=options.wait, tell=self.tell)
            self.say("detached")


def _add_kubeconfig(parser: CommandParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a DNS label: a-z, 0-9 and -")
    parser.add_argument(
        "--kubeconfig",
        metavar="FILE",
        required=True,
        help="a self-contained kubeconfig (no exec, no file paths); - reads standard input",
    )
    parser.add_argument(
        "--context", default="", help="which context of it (default: its current-context)"
    )


def _try(options: cli.Options) -> tuple[ClusterAccess, Answer]:
    """Read the kubeconfig and ask the cluster who it is, before anything is kept."""
    text = arguments.read_text(options.kubeconfig, field="--kubeconfig")
    access = parse_kubeconfig(text, context=options.context)
    return access, connecting.test_access(access)
