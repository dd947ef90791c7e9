"""A server with Slack as a process of its own, to be killed.

python -m tests.slack_process HOME API_URL SECONDS [CHROMA_URL DATABASE_URL]
"""

import socket
import sys
import time
from pathlib import Path

import uvicorn

from index import Archive
from tests.conftest import WordEmbedder
from tests.slack_talk import Slow, slack_app


def main() -> None:
    """Serve until ended; the port is printed once it listens."""
    home, api_url, wait, *shared = sys.argv[1:]
    with Archive(Path(home), WordEmbedder(), *shared) as archive, socket.create_server(("127.0.0.1", 0)) as listening:
        app = slack_app(archive, Slow(wait=float(wait)), api_url, time.monotonic, 20)
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])


if __name__ == "__main__":
    main()
