"""KServe's own client, unchanged, against one stack. Runs in an environment of its own, without the project.

    python asking_kserve.py URL QUESTIONS

QUESTIONS is a JSON file: rows of the model `iris`, and the answers to them. Prints what failed, and how much was asked.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

BINARY = {True: {"binary_data": True}, False: {"binary_data": False}, None: {}}

checks: list[tuple[str, bool]] = []


def check(what: str, is_right: bool) -> None:
    checks.append((what, is_right))


async def status_of(question: Any) -> int:
    """The status by which a question is refused; 200 if it is not."""
    try:
        await question
    except httpx.HTTPStatusError as error:
        return error.response.status_code
    return 200


async def ask_v2(client: InferenceRESTClient, url: str, rows: np.ndarray, answers: np.ndarray) -> None:
    check("live", await client.is_server_live(url) is True)
    check("ready", await client.is_server_ready(url) is True)
    for model, there in (("iris", True), ("digits", True), ("zebra", False)):
        check(f"{model} ready", await client.is_model_ready(url, model) is there)
    choices = itertools.product(range(1, len(rows) + 1), (True, False), (True, False, None), (True, False, None))
    for count, binary_in, binary_out, by_default in choices:
        tensor = InferInput("features", [count, 4], "FP32")
        tensor.set_data_from_numpy(rows[:count], binary_data=binary_in)
        wanted = None if binary_out is None else [RequestedOutput("probabilities", parameters=BINARY[binary_out])]
        parameters = {} if by_default is None else {"binary_data_output": by_default}
        request = InferRequest("iris", [tensor], request_id="a-1", request_outputs=wanted, parameters=parameters)
        answer = await client.infer(url, request, model_name="iris")
        (output,) = answer.outputs
        what = f"{count} rows, binary in {binary_in}, out {binary_out}, by default {by_default}"
        check(f"{what}: answer", np.array_equal(output.as_numpy(), answers[:count]))
        check(f"{what}: id", answer.id == "a-1" and answer.model_name == "iris")
    tensor = InferInput("features", [1, 3], "FP32")
    tensor.set_data_from_numpy(rows[:1, :3], binary_data=False)
    check("a wrong shape", await status_of(client.infer(url, InferRequest("iris", [tensor]), model_name="iris")) == 400)
    tensor = InferInput("features", [1, 4], "FP32")
    tensor.set_data_from_numpy(rows[:1], binary_data=True)
    check("no model", await status_of(client.infer(url, InferRequest("zebra", [tensor]), model_name="zebra")) == 404)


async def ask_v1(client: InferenceRESTClient, url: str, rows: np.ndarray, answers: np.ndarray) -> None:
    check("v1 live", await client.is_server_live(url) is True)
    for count in range(1, len(rows) + 1):
        answer = await client.infer(url, {"instances": rows[:count].tolist()}, model_name="iris")
        check(f"v1, {count} rows", np.allclose(answer["predictions"], answers[:count], rtol=1e-6))
    check("v1, a wrong shape", await status_of(client.infer(url, {"instances": [[1]]}, model_name="iris")) == 400)
    check("v1, no model", await status_of(client.infer(url, {"instances": [[1]]}, model_name="zebra")) == 404)


async def main(url: str, questions: str) -> None:
    given = json.loads(Path(questions).read_text())
    rows, answers = np.array(given["rows"], np.float32), np.array(given["answers"], np.float32)
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        await ask_v2(client, url, rows, answers)
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        await ask_v1(client, url, rows, answers)
    print(json.dumps({"asked": len(checks), "failed": [what for what, is_right in checks if not is_right]}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
