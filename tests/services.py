"""Real services on loopback for the time of a test run: a Chroma server, and a PostgreSQL cluster of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg


@contextmanager
def chroma_server(folder: Path) -> Iterator[str]:
    """`chroma run` over a folder; its URL."""
    port = free_port()
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: httpx.get(f"{url}/api/v2/heartbeat", trust_env=False).is_success, httpx.TransportError)
        try:
            yield url
        finally:
            process.terminate()


def postgres_programs() -> Path | None:
    """Where Debian has PostgreSQL's programs; None when it is not installed."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """A cluster in a folder of its own; its URL up to a database's name. It refuses root: `postgres` runs it."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="dateline-postgres-"))
    try:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        initdb = [*user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "dateline", "-A", "trust"]
        subprocess.run([*initdb, "-E", "UTF8", "--locale=C", "--no-sync"], check=True, capture_output=True, cwd=folder)
        port = free_port()
        options = ["-D", str(folder / "data"), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-c", "fsync=off"]
        command = [*user, str(programs / "postgres"), *options]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
            url = f"postgresql://dateline@127.0.0.1:{port}"
            wait_for(lambda: bool(psycopg.connect(f"{url}/postgres")), psycopg.OperationalError)
            try:
                yield url
            finally:
                process.send_signal(signal.SIGINT)  # its fast shutdown
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(done: Callable[[], bool], refusal: type[Exception] | tuple[()] = (), patience_s: float = 60) -> None:
    """Until something holds; while it raises `refusal`, it does not."""
    end = time.monotonic() + patience_s
    while True:
        try:
            if done():
                return
        except refusal as error:
            if time.monotonic() > end:
                raise TimeoutError(f"not within {patience_s} s") from error
        if time.monotonic() > end:
            raise TimeoutError(f"not within {patience_s} s")
        time.sleep(0.1)


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
