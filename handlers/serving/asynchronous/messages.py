"""Message: a message of the queue, which names a kept request."""

import json
import os
from collections.abc import Mapping
from typing import Any

from handlers.contract import ASYNCHRONOUS_PLACE, ASYNCHRONOUS_QUEUE, MOST_TRIES
from handlers.serving.asynchronous.kept import Named, Place
from handlers.serving.aws_clients import client
from handlers.serving.errors import InvalidRequest, ModelUnavailable, show
from handlers.serving.events import Request, Response
from handlers.serving.request_ids import ASYNCHRONOUS_HEADER

TRIED_AGAIN = (429, 500, 503)
"""The statuses that another try may change."""

KEEPING_SECONDS = 3.0
"""Seconds kept back to keep the answer that a prediction took too long: S3 may be slow, and its client tries again."""

_DONE: Mapping[str, Any] = {"batchItemFailures": []}


def send(named: Named) -> None:
    """Let the queue lead a kept request back. Raises ModelUnavailable if SQS cannot be reached."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client("sqs").send_message(QueueUrl=os.environ[ASYNCHRONOUS_QUEUE], MessageBody=body_of(named))
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no more")
        raise ModelUnavailable(f"The request cannot be accepted now: SQS says {code}") from error
    except BotoCoreError as error:
        raise ModelUnavailable("The request cannot be accepted now: its queue cannot be reached") from error


def body_of(named: Named) -> str:
    """The message about a kept request."""
    return json.dumps(named._asdict())


class Message:
    """One message, as a function gets it. Its request is answered as any other; the answer goes to S3.

    A message that is reported as failed is handed out again, at most `MOST_TRIES` times in all; SQS then moves it to
    the dead-letter queue. The answer of the last try is kept.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._named: Named | None = None

    def request(self, room: int) -> Request:
        """The request that it names. Raises InvalidRequest if it names none, and what `Place.request` raises."""
        self._named = _named(self._record["body"])
        request = _place().request(self._named, room)
        headers = {**request.headers, ASYNCHRONOUS_HEADER: self._named.id}
        return request._replace(headers=headers, last_seconds=KEEPING_SECONDS)

    def answer(self, response: Response) -> dict[str, Any]:
        """What the function returns, when the answer is kept or the message shall come again."""
        failed = {"batchItemFailures": [{"itemIdentifier": self._record["messageId"]}]}
        if self._named is None:
            return failed
        tries = int(self._record["attributes"]["ApproximateReceiveCount"])
        if response.status in TRIED_AGAIN and tries < MOST_TRIES:
            self._come_again(max(int(response.headers.get("retry-after", 1)), 2 ** (tries - 1)))
            return failed
        _place().keep_answer(self._named, response)
        if response.status not in TRIED_AGAIN:
            return dict(_DONE)
        self._come_again(0)  # to the dead-letter queue
        return failed

    def _come_again(self, seconds: int) -> None:
        """Shorten the wait for the next try: by itself, it is as long as a try may take, six times."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client("sqs").change_message_visibility(
                QueueUrl=os.environ[ASYNCHRONOUS_QUEUE],
                ReceiptHandle=self._record["receiptHandle"],
                VisibilityTimeout=seconds,
            )
        except (BotoCoreError, ClientError):
            return  # it comes later


def _place() -> Place:
    return Place(os.environ[ASYNCHRONOUS_PLACE])


def _named(body: str) -> Named:
    try:
        document: Any = json.loads(body)
        named = Named(**document)
    except (TypeError, ValueError):
        named = None
    if named is None or type(named.model) is not str or type(named.id) is not str:
        raise InvalidRequest(f"The message is {show(body)}; it must name a kept request by model and id")
    return named
