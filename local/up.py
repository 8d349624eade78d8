"""Keeps the API running, and prints commands to paste into another terminal."""

import json
import shlex
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from clients.signing import service_of
from local.announcement import announced
from local.emulator import CREDENTIALS, REGION
from local.engine.attached import attach, instructions
from local.engine.stack import pulumi_command
from local.held_out import HeldOut, read_held_out, shortest
from local.stack import LocalStack, StartStack
from local.stack_config import PROJECT

ADMITTED = {
    "none": "auth=none: everyone on this machine may call.",
    "iam": f"auth=iam: a request must be signed with the key {CREDENTIALS['AWS_ACCESS_KEY_ID']!r}.",
    "jwt": "auth=jwt: a request must have a token; this machine's issuer gave out one:",
    "lambda": "auth=lambda: the authorizer says who may call.",
}
"""Who may call, by the stack's auth."""

SHORT = 16
"""Numbers that an example may have at most to be printed."""


def run_up(start: StartStack, overrides: Mapping[str, str], stack: str) -> None:
    """Deploy, print example requests and how an engine works on the stack, and wait for a signal. Raises what `start`
    raises."""
    with start(overrides) as deployed, announced(PROJECT, stack, deployed, _pulumi(stack)):
        for line in (*_introduction(deployed, stack), *_engines(stack)):
            print(line)
        print("\nRunning. Ctrl-C stops it and removes everything.", flush=True)
        threading.Event().wait()


def _introduction(stack: LocalStack, name: str) -> Iterator[str]:
    yield f"The API answers at {stack.api_url}"
    where = f"storage {stack.setting('storage')}, mode {stack.setting('mode')}"
    yield f"It serves {', '.join(stack.models)} ({where}). {ADMITTED[stack.setting('auth')]}"
    if stack.setting("auth") == "jwt":
        yield f"  export TOKEN={stack.token()}"
    yield from (f"Not emulated here: {each}." for each in stack.not_emulated)
    yield ""
    yield "TensorFlow Serving REST"
    held_out = [each for model in stack.models if (each := read_held_out(PROJECT / "build", model))]
    for each in held_out:
        for signature in each.signatures:
            if _is_short(each, signature):
                yield _predict(stack, name, each.model, each.predict_body(signature, 0, 1))
    for model in stack.models[:1]:
        yield _curl(stack, f"/v1/models/{model}")
    yield ""
    yield "Open Inference Protocol v2"
    for each in held_out:
        if _is_short(each, each.signatures[0]) and each.arrays[each.input_of(each.signatures[0])].dtype.kind == "f":
            yield _curl(stack, f"/v2/models/{each.model}/infer", _infer_body(each))
    yield _curl(stack, "/v2/health/ready")
    yield ""
    yield "Models, in another terminal: watch, list, publish, label, promote, rollback, prune"
    yield f"  .venv/bin/python -m models watch --stack {name}"
    yield ""
    yield "Logs of the functions"
    for function in stack.invocations.functions():
        yield f"  tail -n +1 -f {shlex.quote(str(stack.invocations.logs(function.name).path))}"


def _engines(stack: str) -> Iterator[str]:
    yield ""
    if pulumi_command() is None:
        yield "There is no pulumi on PATH: the stack was deployed without an engine, and no other one can update it."
    else:
        yield from instructions(PROJECT, attach(PROJECT, stack))


def _pulumi(stack: str) -> Mapping[str, str] | None:
    """The variables by which `pulumi` finds the stack's state, if its engine deployed it."""
    return None if pulumi_command() is None else attach(PROJECT, stack).environment


def _is_short(held_out: HeldOut, signature: str) -> bool:
    return held_out.arrays[held_out.input_of(signature)][0].size <= SHORT


def _infer_body(held_out: HeldOut) -> dict[str, Any]:
    name = held_out.input_of(held_out.signatures[0])
    example = held_out.arrays[name][:1]
    data = shortest(example).reshape(-1).tolist()
    return {"inputs": [{"name": name, "shape": list(example.shape), "datatype": "FP32", "data": data}]}


def _predict(stack: LocalStack, name: str, model: str, body: dict[str, Any]) -> str:
    if stack.setting("auth") == "iam":  # not every curl signs the colon as AWS wants it
        return f"  .venv/bin/python -m ops call {model} {shlex.quote(json.dumps(body))} --stack {name}"
    return _curl(stack, f"/v1/models/{model}:predict", body)


def _curl(stack: LocalStack, path: str, body: dict[str, Any] | None = None) -> str:
    data = "" if body is None else f" -d {shlex.quote(json.dumps(body))}"
    return f"  curl -s {shlex.quote(stack.api_url + path)}{_admission(stack)}{data}"


def _admission(stack: LocalStack) -> str:
    """What curl sends besides, by the stack's auth."""
    if stack.setting("auth") == "jwt":
        return ' -H "Authorization: Bearer $TOKEN"'
    if stack.setting("auth") != "iam":
        return ""
    service = service_of(str(stack.deployment.outputs["requestsArn"]))
    return f" --aws-sigv4 aws:amz:{REGION}:{service} --user {':'.join(CREDENTIALS.values())}"
