"""Functions: which versions the functions of a stack serve, asked by invocations of Lambda.

They go around the API, so that neither its kind nor its authorisation matters.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from handlers.manifest import Manifest
from models.publishing.aws import client
from models.publishing.errors import PublishingError
from models.publishing.predictions import prediction_of
from models.publishing.stacks import Stack

ALIAS = "live"
"""By which the API calls each function."""

POINTER_SECONDS = 5.0
"""How old a pointer may be that an environment goes by."""

Say = Callable[[str], None]


class Serving(NamedTuple):
    """What a function says of a model."""

    current: int | None
    """The version for requests that name none; None if the function does not serve the model now."""
    states: Mapping[int, str]
    """TensorFlow Serving's word for the state of each version that the pointer names."""
    reason: str = ""
    """Why there is no current version."""


class Functions:
    """The functions of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lambda: Any = None

    def serving(self, model: str) -> Serving:
        """What the function of a model serves now. Raises PublishingError if it cannot be invoked."""
        status, answer = self._ask(model, "GET", f"/v1/models/{model}")
        if status != 200:
            return Serving(None, {}, str(answer.get("error", answer)))
        states = {int(each["version"]): str(each["state"]) for each in answer["model_version_status"]}
        return Serving(self.named(model), states)

    def named(self, model: str, label: str | None = None) -> int | None:
        """The version that the function has for a label, or for requests that name none; None if it has none."""
        path = f"/v1/models/{model}" if label is None else f"/v1/models/{model}/labels/{label}"
        status, answer = self._ask(model, "GET", f"{path}/metadata")
        return int(answer["model_spec"]["version"]) if status == 200 else None

    def answering(self, model: str, manifest: Manifest) -> int | None:
        """The version that answers a prediction; None if the prediction fails, or the version has no sample of one."""
        body = prediction_of(manifest)
        if body is None:
            return None
        status, answer = self._ask(model, "POST", f"/v2/models/{model}/infer", body)
        return int(answer["model_version"]) if status == 200 else None

    def await_version(self, manifest: Manifest, label: str | None, seconds: float, say: Say) -> float:
        """Wait until a version answers, and until no environment can go by an older pointer.

        Args:
            manifest: the version.
            label: the label by which it answers; None for requests that name none.
            seconds: how long to wait at most.
            say: reports progress.

        Returns the seconds after which it answered first. Raises PublishingError if it does not.
        """
        began = time.monotonic()
        while not self._answers(manifest, label):
            waited = time.monotonic() - began
            if waited > seconds:
                raise PublishingError(
                    f"version {manifest.version} of {manifest.model} does not answer after {waited:.0f} s; the log of "
                    f"the function has the reason. It says: {self.serving(manifest.model)}"
                )
            say(f"waiting for version {manifest.version}: {waited:.0f} s")
            time.sleep(0.2)
        answered = time.monotonic() - began
        say("waiting for the other environments")
        time.sleep(POINTER_SECONDS)
        return answered

    def _answers(self, manifest: Manifest, label: str | None) -> bool:
        if label is not None or prediction_of(manifest) is None:
            return self.named(manifest.model, label) == manifest.version
        return self.answering(manifest.model, manifest) == manifest.version

    def _ask(self, model: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """The status and the document of an answer."""
        from botocore.exceptions import BotoCoreError, ClientError

        function = self._stack.function_of(model)
        if function is None:
            raise PublishingError(
                f"the stack {self._stack.name!r} has no function for {model}; deploy it with the model"
            )
        if self._lambda is None:
            self._lambda = client("lambda", self._stack.environment, read_timeout=900)
        event = {
            "version": "2.0",
            "rawPath": path,
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "body": "" if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }
        try:
            invoked = self._lambda.invoke(FunctionName=function, Qualifier=ALIAS, Payload=json.dumps(event))
        except (BotoCoreError, ClientError) as error:
            raise PublishingError(f"the function {function} cannot be invoked: {error}") from error
        payload = json.loads(invoked["Payload"].read())
        if "FunctionError" in invoked:
            raise PublishingError(f"the function {function} failed: {payload.get('errorMessage', payload)}")
        return payload["statusCode"], json.loads(payload["body"] or "{}")
