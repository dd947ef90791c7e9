"""The server that runs the application."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from index import BadConfiguration

LONGEST_S = 130  # an answer that is being written is finished before the server ends


def serve(app: FastAPI, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; open answers are finished first. `ready` is told the address once it listens.

    Raises BadConfiguration when the address cannot be listened on.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadConfiguration(
            f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another --port."
        ) from error
    with listening:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=LONGEST_S)
        uvicorn.Server(config).run(sockets=[listening])
