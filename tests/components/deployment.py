"""Questions to a recorded deployment."""

import json
from typing import Any

from tests.recorder import Recorder, Registered


def statements(resource: Registered, key: str = "policy") -> list[dict[str, Any]]:
    """The statements of an IAM document among a resource's inputs."""
    return json.loads(resource.inputs[key])["Statement"]


def ending(deployment: Recorder, suffix: str) -> list[Registered]:
    """Resources whose type ends so."""
    return [resource for resource in deployment.registered if resource.type.endswith(suffix)]


def awaited(deployment: Recorder, resource: Registered) -> set[str]:
    """Names of everything that a resource waits for."""
    return {urn.rsplit("::", 1)[-1] for urn in deployment.waits_for(resource)}


def serving_function(deployment: Recorder) -> Registered:
    """The only function that serves models."""
    (function,) = [
        each
        for each in deployment.of("aws:lambda/function:Function")
        if each.inputs["imageConfig"]["commands"] == ["handlers.single_model.handler"]
    ]
    return function
