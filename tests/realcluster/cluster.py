"""A real Kubernetes cluster for tests: etcd, apiserver, controller manager, and kwok for pods.

In: the programs (tests.realcluster.build) and an empty folder. Out: a RealCluster with a server
address, an authority, a token, a kubeconfig and a kubectl. It can be stopped, frozen and started
again on the same port with the same data, which is how a test takes one cluster down mid-way. It is
driven by HTTP of its own and by the real kubectl, never by Slipway's client: what is under test
must not be the judge.
"""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import ssl
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.realcluster import answers, commands, pki
from tests.realcluster.processes import Program, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READY_SECONDS = 60
KUBECTL_SECONDS = 60
_POLL_SECONDS = 0.05
NODE_MANIFEST = commands.STAGES.with_name("node.yaml")
NAMESPACE_PREFIX = "t-"


class ClusterFailed(Exception):
    """A cluster did not do what a test needs of it; the message ends with its logs."""


class KubectlFailed(Exception):
    """kubectl ended with an error; the message is what it printed."""


class RealCluster:
    """One cluster: `launch` then `wait_ready`, or `start` for both; `close` removes everything."""

    def __init__(self, *, name: str, directory: Path, binaries: Mapping[str, Path]) -> None:
        self.name = name
        self.token = secrets.token_hex(16)
        self._authority = pki.Authority()
        self._layout = commands.Layout(
            binaries=binaries,
            directory=directory,
            port=free_port(),
            etcd_port=free_port(),
            peer_port=free_port(),
        )
        self._programs: dict[str, Program] = {}
        self._has_node = False
        self._write_files()
        self._tls = ssl.create_default_context(cadata=self.ca_pem)

    # What a client needs

    @property
    def server(self) -> str:
        """The apiserver's address."""
        return f"https://127.0.0.1:{self._layout.port}"

    @property
    def ca_pem(self) -> str:
        """The authority that signed the apiserver's certificate."""
        return self._authority.pem

    @property
    def kubeconfig(self) -> str:
        """A kubeconfig of the administrator: token and authority inline, no file, no program."""
        authority = base64.b64encode(self.ca_pem.encode()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": self.name,
                    "cluster": {"server": self.server, "certificate-authority-data": authority},
                }
            ],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": "admin"}}],
            "current-context": self.name,
        }
        return json.dumps(config, indent=2)  # JSON is YAML

    @property
    def kubeconfig_path(self) -> Path:
        """The same kubeconfig as a file."""
        return self._layout.kubeconfig

    def client_certificate(self, *, user: str, groups: tuple[str, ...] = ()) -> pki.KeyPair:
        """Issue a client certificate: the way to be someone else than the administrator."""
        return self._authority.client(user=user, groups=groups)

    # Life

    def start(self) -> None:
        """Start whatever does not run, and wait until the cluster can be used."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start etcd and the apiserver without waiting, so that two can come up together."""
        for name, command in (("etcd", commands.etcd), ("kube-apiserver", commands.apiserver)):
            if not self._runs(name):
                self._spawn(name, command(self._layout))
        self._programs["kube-apiserver"].thaw()

    def wait_ready(self) -> None:
        """Wait until the apiserver is ready and the first service account is there."""
        self.wait_for("/readyz says ok", lambda: self.request("GET", "/readyz").status == 200)
        if not self._runs("kube-controller-manager"):
            self._spawn("kube-controller-manager", commands.controller_manager(self._layout))
        if self._has_node:
            self._play_kubelet()
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self.wait_for(
            "the default service account", lambda: self.request("GET", account).status == 200
        )

    def stop(self) -> None:
        """Kill the apiserver: connections are refused until `start`. etcd and all data stay."""
        self._end_controllers()
        # Forgotten, so that `wait_for` does not take it for a program that died by itself.
        if "kube-apiserver" in self._programs:
            self._programs.pop("kube-apiserver").kill()

    def freeze(self) -> None:
        """Hold the apiserver where it stands: connections are made and hang, until `start`."""
        self._end_controllers()
        self._programs["kube-apiserver"].freeze()

    def close(self) -> None:
        """End every program, last started first, and remove the folder."""
        for program in reversed(self._programs.values()):
            program.kill()
        shutil.rmtree(self._layout.directory, ignore_errors=True)

    def run_pods(self) -> None:
        """Give the cluster a node on which pods become ready (kwok/stages.yaml: how they fail).

        It stays on for the cluster's life: pods placed on the node need kwok to go away again.
        """
        if self._has_node:
            return
        self.kubectl("apply", "--server-side", "-f", str(NODE_MANIFEST))
        self._has_node = True
        self._play_kubelet()

    # Use

    def kubectl(self, *args: str, stdin: str = "", kubeconfig: Path | None = None) -> str:
        """Run the real kubectl of this environment and return what it printed.

        Raises: KubectlFailed with its stderr.
        """
        program = Path(sysconfig.get_path("scripts")) / "kubectl"
        done = subprocess.run(
            [str(program), f"--kubeconfig={kubeconfig or self.kubeconfig_path}", *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=KUBECTL_SECONDS,
            check=False,
            cwd=self._layout.directory,
            env=self._environment,
        )
        if done.returncode != 0:
            raise KubectlFailed(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def request(self, method: str, path: str, *, body: object = None) -> answers.Answer:
        """Ask the apiserver as the administrator; status 0 when it cannot be reached."""
        return answers.ask(
            method, self.server + path, token=self.token, context=self._tls, body=body
        )

    def namespace(self) -> str:
        """Make a namespace with a name never used before, with its default service account."""
        name = NAMESPACE_PREFIX + secrets.token_hex(5)
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        made = self.request("POST", "/api/v1/namespaces", body=manifest)
        if made.status != 201:
            raise ClusterFailed(f"{self.name}: namespace {name} was not made: {made.body}")
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        self.wait_for(f"{name} is ready", lambda: self.request("GET", account).status == 200)
        return name

    def namespaces(self) -> tuple[str, ...]:
        """List the namespaces that are not being deleted."""
        items = self.request("GET", "/api/v1/namespaces").body.get("items", [])
        return tuple(
            item["metadata"]["name"]
            for item in items
            if "deletionTimestamp" not in item["metadata"]
        )

    def delete_namespace(self, name: str) -> None:
        """Ask for a namespace to go, without waiting for it."""
        self.request("DELETE", f"/api/v1/namespaces/{name}")

    def wait_for(
        self, what: str, condition: Callable[[], bool], *, seconds: float = READY_SECONDS
    ) -> None:
        """Ask again and again until the condition holds.

        Raises: ClusterFailed, with the logs, when it does not in time or a program has ended by
        itself.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            ended = [program.name for program in self._programs.values() if not program.running]
            if ended or time.monotonic() > deadline:
                why = f"{', '.join(ended)} ended" if ended else f"not within {seconds:.0f} s"
                raise ClusterFailed(f"{self.name}: waiting for: {what}: {why}\n{self._tails()}")
            time.sleep(_POLL_SECONDS)

    def resident_bytes(self) -> dict[str, int]:
        """Return the memory of each program."""
        return {name: program.resident_bytes() for name, program in self._programs.items()}

    def _play_kubelet(self) -> None:
        if not self._runs("kwok"):
            self._spawn("kwok", commands.kwok(self._layout))
        self.wait_for("the node is ready", self._node_ready)
        # Admission policies take effect a second or so after they are written or read again.
        self.wait_for("pods are placed on the node", self._pods_are_placed)

    def _node_ready(self) -> bool:
        node = self.request("GET", "/api/v1/nodes/realcluster-node").body
        conditions = node.get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def _pods_are_placed(self) -> bool:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe"},
            "spec": {"containers": [{"name": "probe", "image": "probe"}]},
        }
        made = self.request("POST", "/api/v1/namespaces/default/pods?dryRun=All", body=pod)
        return "nodeName" in made.body.get("spec", {})

    def _end_controllers(self) -> None:
        # Their watches would be tried again only after a back-off of up to a minute; new ones
        # are there in half a second.
        for name in ("kube-controller-manager", "kwok"):
            if name in self._programs:
                self._programs.pop(name).kill()

    def _runs(self, name: str) -> bool:
        return name in self._programs and self._programs[name].running

    def _spawn(self, name: str, command: list[str]) -> None:
        self._programs[name] = Program(
            name=name,
            command=command,
            log=self._layout.directory / f"{name}.log",
            env=self._environment,
        )

    @property
    def _environment(self) -> dict[str, str]:
        # Nothing of the tests' environment: no proxy, no other kubeconfig, no secret.
        return {"HOME": str(self._layout.directory), "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def _tails(self) -> str:
        return "\n".join(program.tail() for program in self._programs.values())

    def _write_files(self) -> None:
        layout = self._layout
        serving = self._authority.server()
        pki.write_private(layout.ca, self.ca_pem)
        pki.write_private(layout.serving_cert, serving.cert_pem)
        pki.write_private(layout.serving_key, serving.key_pem)
        pki.write_private(layout.signing_key, pki.signing_key())
        pki.write_private(layout.tokens, f'{self.token},admin,admin,"system:masters"\n')
        pki.write_private(layout.kubeconfig, self.kubeconfig)
