"""A container that runs a handler as Lambda does, talking to a Runtime API of this machine."""

import json
import queue
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Self

from local.runtime_api import Answered, InitFailed, Invocation, Ready, RuntimeApi
from tests.images.docker import AS_LAMBDA, Image, container_name, docker, limit

ARN = "arn:aws:lambda:eu-central-1:000000000000:function:models"


class RunningHandler:
    """A started container. A context manager; leaving it removes the container."""

    def __init__(
        self,
        image: Image,
        handler: str,
        environment: Mapping[str, str],
        *,
        memory_mib: int = 1024,
        options: Sequence[str] = (),
    ) -> None:
        self._api = RuntimeApi()
        self._name = container_name()
        variables = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "models",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mib),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "_HANDLER": handler,
            **environment,
        }
        docker(
            *("run", "--detach", "--name", self._name, "--network", "host", *AS_LAMBDA, *limit(memory_mib), *options),
            *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
            *(image.id, handler),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.stop()
        docker("rm", "--force", self._name)

    def ready(self) -> None:
        """Wait until the handler is imported and asks for work."""
        event = self._event()
        assert isinstance(event, Ready), event

    def init_error(self) -> dict[str, Any]:
        """Wait for a handler that cannot be imported. Returns the error that it reported."""
        event = self._event()
        assert isinstance(event, InitFailed), event
        return json.loads(event.payload)

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Run the handler on one event. Returns its result."""
        self.hand_out(event)
        answer = self._event()
        assert isinstance(answer, Answered), answer
        assert answer.error_type is None, answer.payload
        return json.loads(answer.payload)

    def hand_out(self, event: Mapping[str, Any]) -> None:
        """Give the handler an event without waiting for the result."""
        deadline_ms = int((time.time() + 60) * 1000)
        self._api.hand_out(
            Invocation(
                request_id=str(uuid.uuid4()),
                event=json.dumps(event).encode(),
                deadline_ms=deadline_ms,
                function_arn=ARN,
                trace_id="Root=1-0-0;Sampled=0",
            )
        )

    def exit_code(self) -> int:
        """Wait until the container has ended."""
        return int(docker("wait", self._name))

    def logs(self) -> str:
        done = subprocess.run(["docker", "logs", self._name], capture_output=True, text=True)
        return done.stdout + done.stderr

    def _event(self) -> object:
        try:
            return self._api.events.get(timeout=90)
        except queue.Empty:
            raise AssertionError(f"the handler reported nothing in 90 s; its log:\n{self.logs()}") from None
