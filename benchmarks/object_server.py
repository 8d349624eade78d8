"""An S3-compatible server with a rate limit for each connection, as S3 has: nginx over a directory of buckets.

It supports downloads: HEAD, GET, ranges and conditions, at `/bucket/key`. It does not check signatures.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

CONFIGURATION = """
daemon off;
worker_processes 2;
{user}
error_log stderr error;
pid {work}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    default_type application/octet-stream;
    sendfile on;
    sendfile_max_chunk 512k;  # bytes between two checks of the limit
    keepalive_requests 100000;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {root};
        limit_rate {rate};
    }}
}}
"""
START_SECONDS = 10


class ServerMissing(Exception):
    """A program that a section needs is missing; the message says how to get it."""


class ObjectServer:
    """Serves the directories in `root` as buckets. A context manager.

    Args:
        root: has a directory for each bucket, with the objects in it.
        bytes_per_second: the limit of one connection.

    Raises ServerMissing, and RuntimeError if nginx does not start.
    """

    def __init__(self, root: Path, bytes_per_second: int) -> None:
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if nginx is None:
            raise ServerMissing(
                "nginx is not installed. On Debian: apt-get install --no-install-recommends nginx-light"
            )
        self._work = tempfile.TemporaryDirectory(prefix="object-server-")
        port = _free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        configuration = Path(self._work.name) / "nginx.conf"
        # nginx started by root serves as the user `nobody` by default, who cannot read these directories.
        user = f"user {root.owner()} {root.group()};" if os.geteuid() == 0 else ""
        configuration.write_text(
            CONFIGURATION.format(user=user, work=self._work.name, port=port, root=root, rate=bytes_per_second),
            encoding="utf-8",
        )
        self._process = subprocess.Popen(
            [nginx, "-e", "stderr", "-p", self._work.name, "-c", str(configuration)],
            stderr=subprocess.PIPE,
            text=True,
        )
        self._wait_until_open(port)

    def _wait_until_open(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise RuntimeError("nginx did not start; is its configuration allowed here?") from None
                time.sleep(0.02)

    def close(self) -> None:
        """Stop serving."""
        self._process.terminate()
        self._process.communicate()
        self._work.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
