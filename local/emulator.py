"""Emulator: runs ministack, an emulated AWS, as a process that listens only on the loopback interface."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from local import gate
from local.guard import Guard, kill_group

if TYPE_CHECKING:
    import boto3

HOST = "127.0.0.1"
REGION = "eu-central-1"
ACCOUNT = "000000000000"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator accepts any credentials, except where an API asks for a signature. These are valid nowhere else."""

SERVICES = (
    *("acm", "apigateway", "cloudwatch", "ec2", "ecr", "elasticfilesystem", "elasticloadbalancing", "events", "iam"),
    *("kms", "lambda", "logs", "route53", "s3", "s3files", "sns", "sqs", "sts", "tagging", "wafv2"),
)
"""What the emulator offers, by its own names: what the program's resources, what is around them and `ops` need."""

START_SECONDS = 60
"""How long the emulator may take until it answers. It usually takes about two seconds."""

TRIES = 3
"""How many free ports are tried, where none is chosen."""

TAKEN = "address already in use"
"""What the emulator says where its port is taken."""

STOP_SECONDS = 5
"""How long it may take to end after SIGTERM."""


class EmulatorError(Exception):
    """The emulated AWS did not start; the message says why and what to do."""


class Emulator:
    """A running emulator. A context manager; leaving it ends the process and removes its state.

    `port` 0 takes a free one. At most `most_invocations` are on their way to functions at a time; 0 lets all.

    Raises EmulatorError if another process uses the port, or if the emulator ends or does not answer while it starts.
    """

    def __init__(self, guard: Guard, port: int = 0, most_invocations: int = 0) -> None:
        self._guard = guard
        self._most_invocations = most_invocations
        self._chosen = port
        from local.issuer import Issuer  # late: it takes 0.1 s, and the workers do not need it

        self._token = gate.new_token()
        self.issuer = Issuer()
        """Issues the tokens that its APIs accept."""
        self.port = 0

    @property
    def url(self) -> str:
        """The endpoint of every emulated service. Whoever knows it can do everything: it holds the gate's token."""
        return f"http://{HOST}:{self.port}/{self._token}"

    def reached(self, url: str) -> str:
        """Where this machine reaches an API's URL: one with a domain name in it leads to a path of the emulator."""
        parts = urlsplit(url)
        if parts.scheme != "https":
            return url
        return f"{self.url}{gate.DOMAIN_PATHS}{parts.netloc}{url.partition(parts.netloc)[2]}"

    def __enter__(self) -> Self:
        if self._chosen:
            _refuse_taken(self._chosen)
        for further in reversed(range(1 if self._chosen else TRIES)):
            try:
                self._start(self._chosen or free_port())
            except EmulatorError:
                # Another process may take a port between the search for a free one and its use.
                if not further or TAKEN not in self.log_tail():
                    raise
            else:
                break
        return self

    def _start(self, port: int) -> None:
        self.port = port
        self._state = self._guard.directory("tensorflow-lambda-aws-")
        self._log = self._state / "emulator.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # -P and -B: no module of the working directory is imported, and no bytecode is written.
                [sys.executable, "-P", "-B", "-m", "local.emulated_aws"],
                cwd=self._state,
                env={
                    **_environment(self.port, self._state),
                    gate.TOKEN_VARIABLE: self._token,
                    gate.KEYS_VARIABLE: self.issuer.keys(),
                    gate.MOST_VARIABLE: str(self._most_invocations),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard.watch(self._process)
        try:
            self._wait_ready()
        except BaseException:
            self._stop()
            raise

    def __exit__(self, *_: object) -> None:
        self._stop()

    def session(self) -> "boto3.Session":
        """A boto3 session with the emulator's region and credentials."""
        import boto3  # takes about 0.2 s, and the workers do not need it

        return boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    def client(self, service: str, *, checked: bool = True) -> Any:
        """A boto3 client of an emulated service. `checked`: whether it checks its arguments, which takes time where
        they are large."""
        from botocore.config import Config  # late, as boto3

        config = Config(parameter_validation=checked)
        # boto3's overloads know services by literal name only.
        return self.session().client(service, endpoint_url=self.url, config=config)  # pyright: ignore

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise EmulatorError(f"The emulated AWS ended while it started. Its last lines:\n{self.log_tail()}")
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise EmulatorError(
            f"The emulated AWS did not answer for {START_SECONDS} s. Its last lines:\n{self.log_tail()}"
        )

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the emulator's log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def _stop(self) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        kill_group(self._process.pid)
        self._process.wait()
        self._guard.forget(self._process)


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        # Without it, a port with connections in TIME_WAIT would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EmulatorError(
                f"Port {port} of {HOST} cannot be used: {error.strerror}. Choose another one with --port, "
                "or omit --port to take a free one."
            ) from None


def _environment(port: int, state: Path) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ},
        **CREDENTIALS,
        "PYTHONPATH": str(Path(gate.__file__).parents[1]),
        "BIND_HOST": HOST,
        gate.PORT_VARIABLE: str(port),
        "SERVICES": ",".join(SERVICES),
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        "LAMBDA_STRICT": "1",  # the emulator itself runs no function: those of the program run in workers
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "HOME": str(state),
        "TMPDIR": str(state),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",  # the workers run functions, not the emulator
    }
