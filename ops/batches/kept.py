"""Kept: a batch's requests and answers where a stack keeps those that are answered later, and their messages."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from handlers.contract import ANY_MODEL
from handlers.serving.asynchronous.kept import Named, as_bytes
from handlers.serving.asynchronous.messages import body_of
from handlers.serving.events import JSON_HEADERS, Request
from ops.batches.chunks import Question
from ops.deployed import Deployed

AT_ONCE = 10
"""The most messages that SQS takes at once."""

SEEN_SECONDS = 10
"""How long a dead letter that was looked at is hidden from others."""


class Answer(NamedTuple):
    status: int
    body: bytes


class Kept:
    """Where a stack keeps what is answered later, for one model. Raises ValueError if it keeps nothing."""

    def __init__(self, stack: Deployed, question: Question) -> None:
        places: Mapping[str, Any] | None = stack.outputs.get("asynchronous")
        if not places:
            raise ValueError("the stack answers every request at once; set asynchronous to true, and run `pulumi up`")
        queues: Mapping[str, str] = places["queues"]
        queue = queues.get(question.model) or queues.get(ANY_MODEL)
        if queue is None:
            raise ValueError(f"the stack serves no model {question.model!r}; it serves {', '.join(sorted(queues))}")
        self._s3, self._sqs, self._question = stack.client("s3"), stack.client("sqs"), question
        self._queue, self._dead_letters = queue, str(places["deadLetters"])
        self._bucket, _, prefix = str(places["place"]).removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/{question.model}"
        at = f"/labels/{quote(question.label, safe='')}" if question.label else ""
        self._path = f"/v1/models/{question.model}{at}:predict"

    def ask(self, asked: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Keep requests, each with its id and its instances, and send their messages. Returns the messages' ids, by
        request."""
        for request, instances in asked.items():
            signed = f'"signature_name":{json.dumps(self._question.signature)},' if self._question.signature else ""
            body = f'{{{signed}"instances":[{",".join(instances)}]}}'.encode()
            content = as_bytes(Request("POST", self._path, JSON_HEADERS, body))
            self._s3.put_object(Bucket=self._bucket, Key=f"{self._prefix}/requests/{request}", Body=content)
        return {request: sent for group in _groups(list(asked)) for request, sent in self._send(group)}

    def instances(self, request: str) -> list[str]:
        """The instances of a request."""
        content = self._read("requests", request)["Body"].read()
        document = json.loads(content.partition(b"\n")[2])
        return [json.dumps(instance) for instance in document["instances"]]

    def answered(self, batch: str) -> Iterator[str]:
        """The ids of the answered requests of a batch."""
        below = f"{self._prefix}/answers/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{below}{batch}-")
        for page in pages:
            yield from (each["Key"].removeprefix(below) for each in page.get("Contents", ()))

    def status(self, request: str) -> int:
        """The status of an answer."""
        key = f"{self._prefix}/answers/{request}"
        return int(self._s3.head_object(Bucket=self._bucket, Key=key)["Metadata"]["status"])

    def answer(self, request: str) -> Answer:
        """An answer."""
        found = self._read("answers", request)
        return Answer(int(found["Metadata"]["status"]), found["Body"].read())

    def forget(self, request: str) -> None:
        """Delete an answer, so that another try is told from it."""
        self._s3.delete_object(Bucket=self._bucket, Key=f"{self._prefix}/answers/{request}")

    def dead(self, messages: Collection[str]) -> frozenset[str]:
        """Which of these messages are among the dead letters. They stay there."""
        found = dict[str, str]()
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._dead_letters, MaxNumberOfMessages=AT_ONCE, VisibilityTimeout=SEEN_SECONDS
            )
            received = {each["MessageId"]: each["ReceiptHandle"] for each in answer.get("Messages", ())}
            is_new = not received.keys() <= found.keys()
            found |= received
            if not is_new:
                break
        for handles in _groups(list(found.values())):
            self._show(handles)
        return frozenset(found.keys() & set(messages))

    def _show(self, handles: Sequence[str]) -> None:
        """Let others see dead letters that were looked at, such as the alarm that counts them."""
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
            for number, handle in enumerate(handles)
        ]
        self._sqs.change_message_visibility_batch(QueueUrl=self._dead_letters, Entries=entries)

    def _read(self, kind: str, request: str) -> Any:
        return self._s3.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{kind}/{request}")

    def _send(self, group: Sequence[str]) -> Iterator[tuple[str, str]]:
        entries = [
            {"Id": str(number), "MessageBody": body_of(Named(self._question.model, request))}
            for number, request in enumerate(group)
        ]
        answer = self._sqs.send_message_batch(QueueUrl=self._queue, Entries=entries)
        if refused := answer.get("Failed"):
            raise ValueError(f"SQS refuses messages: {refused[0].get('Message') or refused[0]['Code']}; run this again")
        yield from ((group[int(each["Id"])], each["MessageId"]) for each in answer["Successful"])


def _groups(requests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (requests[start : start + AT_ONCE] for start in range(0, len(requests), AT_ONCE))
