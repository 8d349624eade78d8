"""Questions to a stack in both dialects, and the answers that a packaged model gives without a stack."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from handlers.contract import MODEL_NAMES, MODEL_STORE_URI, MULTI_MODEL_HANDLER, join_model_names
from local.functions import Function
from local.guard import Guard
from local.held_out import HeldOut, shortest
from local.invocations import Invocations
from local.stack_config import PROJECT
from local.workers import ProcessWorkers


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request for a prediction."""

    model: str
    path: str
    body: bytes

    def __str__(self) -> str:
        return f"POST {self.path} {self.body[:100].decode()}"


def questions_of(held_out: HeldOut, count: int = 4) -> Iterator[Question]:
    """`count` held-out examples of a model, each asked for in both dialects."""
    signature = held_out.signatures[0]
    for start in range(min(count, held_out.size)):
        predict = held_out.predict_body(signature, start, start + 1)
        yield _question(held_out.model, f"/v1/models/{held_out.model}:predict", predict)
        example = np.ascontiguousarray(held_out.arrays[held_out.input_of(signature)][start : start + 1], np.float32)
        tensor = {
            "name": held_out.input_of(signature),
            "shape": list(example.shape),
            "datatype": "FP32",
            "data": shortest(example).reshape(-1).tolist(),
        }
        yield _question(held_out.model, f"/v2/models/{held_out.model}/infer", {"inputs": [tensor]})


class Reference:
    """A worker that answers from the directory of a repository, with neither AWS nor a deployment around it."""

    NAME = "reference"
    """Of its function."""

    def __init__(self, guard: Guard, repository: Path, models: Sequence[str]) -> None:
        nowhere = "http://127.0.0.1:9"  # the worker needs no AWS
        workers = ProcessWorkers(guard, PROJECT, nowhere)
        self._invocations = Invocations(workers, guard.directory("tensorflow-lambda-reference-"))
        self._invocations.register(
            Function(
                name=self.NAME,
                arn=f"arn:aws:lambda:local:000000000000:function:{self.NAME}",
                handler=MULTI_MODEL_HANDLER,
                environment={MODEL_STORE_URI: f"file://{repository}", MODEL_NAMES: join_model_names(models)},
                memory_mib=1769,
                timeout_seconds=60,
            )
        )

    def answers(self, questions: Sequence[Question]) -> Mapping[Question, bytes]:
        """What the current versions answer. Raises RuntimeError for a question that is not answered with 200."""
        self._invocations.recycle(self.NAME)  # so that no pointer is older than the call
        return {question: self._answer(question) for question in questions}

    def stop(self) -> None:
        """End the worker."""
        self._invocations.stop()

    def _answer(self, question: Question) -> bytes:
        event = {
            "version": "2.0",
            "rawPath": question.path,
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": "POST", "path": question.path}, "stage": "$default"},
            "body": question.body.decode(),
            "isBase64Encoded": False,
        }
        answer = json.loads(self._invocations.invoke(self.NAME, json.dumps(event).encode()).payload)
        if answer.get("statusCode") != 200:
            raise RuntimeError(f"{question} has no answer to compare with: {answer}")
        return answer["body"].encode()


def _question(model: str, path: str, document: Mapping[str, Any]) -> Question:
    return Question(model=model, path=path, body=json.dumps(document).encode())
