"""The server that runs the application, and ends it without breaking anything off."""

import asyncio
import gc
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from bot.http.front import Front
from index import BadConfiguration

LONGEST_S = 130  # an answer that is being written is finished before the server ends


class Server(uvicorn.Server):
    """Ends in order: not ready any more, then nothing new is taken, what is being answered is finished."""

    def __init__(self, config: uvicorn.Config, front: Front, delay: float) -> None:
        super().__init__(config)
        self._front = front
        self._delay = delay

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; `delay` seconds are left to load balancers to notice that we are not ready."""
        self._front.draining = True
        left = asyncio.get_running_loop().time() + self._delay
        while asyncio.get_running_loop().time() < left and not self.force_exit:
            await asyncio.sleep(0.1)
        self._front.drain()
        await super().shutdown(sockets)


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
    service = app.state.service
    with listening:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        gc.collect()
        gc.freeze()  # what is loaded by now stays: to look through all of it again stopped every answer for 0.14 s
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=LONGEST_S)
        Server(config, service.front, service.settings.drain_delay_s).run(sockets=[listening])
