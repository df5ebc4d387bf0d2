"""`manage.py serve`: the admin site and the REST API in one process, by uvicorn."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import uvicorn
from django.conf import settings
from django.core.management import call_command

from federation.management.cli import Command as Base
from federation.management.cli import Options, usage
from projects.errors import Unavailable

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_LAST_PORT = 65_535


class Command(Base):
    help = (
        "Serve the admin site and the REST API until SIGTERM. There is no TLS here: on any "
        "address but the loopback, put a proxy that has it in front."
    )
    example = """
        manage.py serve
        manage.py serve --host 0.0.0.0 --port 8080
    """

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)"
        )
        parser.add_argument(
            "--port", type=int, default=8000, help="the port to listen on (default 8000)"
        )

    def run(self, options: Options) -> None:
        if not 0 < options.port <= _LAST_PORT:
            usage(f"--port: {options.port} is not between 1 and {_LAST_PORT}")
        if not settings.DEBUG:
            # With DEBUG whitenoise finds the files where they are.
            call_command("collectstatic", interactive=False, verbosity=0)
        if not _is_loopback(options.host):
            self.tell("note: there is no TLS here; put a proxy that has it in front")
        host = f"[{options.host}]" if ":" in options.host else options.host
        self.say(f"serving http://{host}:{options.port}/admin/ and /api/v1/ (Ctrl-C ends it)")
        _serve(options.host, options.port)


def _serve(host: str, port: int) -> None:
    try:
        uvicorn.run(
            "config.asgi:application",
            host=host,
            port=port,
            lifespan="off",
            server_header=False,
            log_config=None,  # Django's logging is in force
        )
    except SystemExit as error:
        # uvicorn ends with 3, which means something else here; it has logged what the system said.
        raise Unavailable(f"cannot serve on {host}:{port}; is the port taken?") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
