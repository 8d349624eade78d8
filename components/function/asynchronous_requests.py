"""AsynchronousRequests: the queues by which requests that are answered later come back to the functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.model_source import Alarm, MetricSource
from handlers.contract import ASYNCHRONOUS_PLACE, ASYNCHRONOUS_QUEUE, KEPT_DAYS, MOST_TRIES

VISIBILITY_TIMEOUTS = 6
"""How many times a function's timeout a message that is being worked on stays hidden, as AWS asks.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

_DAY_SECONDS = 24 * 60 * 60

WAITING_DAYS = 4
"""How long a message waits. In the dead-letter queue, its time goes on."""

OLD_SECONDS = 15 * 60
"""The age of the oldest message at which an alarm rings."""


@dataclass(frozen=True, kw_only=True)
class AsynchronousRequestsArgs:
    bucket_name: pulumi.Input[str]
    """Of the bucket that keeps requests and answers."""
    bucket_arn: pulumi.Input[str]
    prefix: str
    """Where it keeps them."""
    bucket_key_arn: pulumi.Input[str] | None = None
    """Encrypts the bucket's objects. None leaves that to keys of S3."""
    kms_key_arn: pulumi.Input[str] | None = None
    """Encrypts the messages, which name requests by model and id. None leaves that to keys of SQS."""
    concurrency: int
    """How many messages of a queue are worked on at once."""


@dataclass(frozen=True, kw_only=True)
class RequestQueue:
    """The queue of one function, and what the function needs to use it."""

    name: str
    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    queue_name: pulumi.Output[str]
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[iam.Statement]


class AsynchronousRequests(pulumi.ComponentResource):
    """A queue for each function, and one for the messages of all queues on which a function failed again and again.

    A function sends the message itself when it has kept a request: what was accepted is in the queue. S3 would tell the
    queue without a grant, but begins to tell only minutes after it was asked to.
    """

    place: pulumi.Output[str]
    """`s3://bucket/prefix`"""
    dead_letters_url: pulumi.Output[str]
    mappings: list[pulumi.Resource]
    """What leads each queue to its function."""

    def __init__(self, name: str, args: AsynchronousRequestsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:AsynchronousRequests", name, None, opts)
        self._name, self._args, self._queues = name, args, list[RequestQueue]()
        self.mappings = []
        self._dead_letters = self._queue(f"{name}-dead-letters", KEPT_DAYS)
        self.place = pulumi.Output.concat("s3://", args.bucket_name, "/", args.prefix)
        self.dead_letters_url = self._dead_letters.url
        self.register_outputs({"place": self.place, "dead_letters_url": self.dead_letters_url})

    def queue(self, name: str, models: Sequence[str] | None, timeout_seconds: int) -> RequestQueue:
        """The queue of a function that serves these models, or any if None, for so many seconds a request."""
        dead_letters = {"deadLetterTargetArn": self._dead_letters.arn, "maxReceiveCount": MOST_TRIES}
        made = self._queue(
            f"{name}-requests",
            WAITING_DAYS,
            visibility_timeout_seconds=VISIBILITY_TIMEOUTS * timeout_seconds,
            redrive_policy=pulumi.Output.json_dumps(dead_letters),
        )
        queue = RequestQueue(
            name=name,
            arn=made.arn,
            url=made.url,
            queue_name=made.name,
            environment={ASYNCHRONOUS_PLACE: self.place, ASYNCHRONOUS_QUEUE: made.url},
            statements=self._statements(made, models),
        )
        self._queues.append(queue)
        return queue

    def lead(self, queue: RequestQueue, alias_arn: pulumi.Input[str]) -> None:
        """Hand each message of a queue to the function behind this alias, one in an invocation: it has all of the
        function's time, and fails alone."""
        mapping = aws.lambda_.EventSourceMapping(
            f"{queue.name}-requests",
            event_source_arn=queue.arn,
            function_name=alias_arn,
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": self._args.concurrency},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.mappings.append(mapping)

    @property
    def alarms(self) -> Sequence[Alarm]:
        """The alarms of the queues: of what failed, and of what waits for long."""
        return [self._failed(), *(_old(queue) for queue in self._queues)]

    def _queue(
        self,
        name: str,
        days: int,
        *,
        visibility_timeout_seconds: int | None = None,
        redrive_policy: pulumi.Output[str] | None = None,
    ) -> aws.sqs.Queue:
        return aws.sqs.Queue(
            name,
            sqs_managed_sse_enabled=True if self._args.kms_key_arn is None else None,
            kms_master_key_id=self._args.kms_key_arn,
            message_retention_seconds=days * _DAY_SECONDS,
            visibility_timeout_seconds=visibility_timeout_seconds,
            redrive_policy=redrive_policy,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _statements(self, queue: aws.sqs.Queue, models: Sequence[str] | None) -> Sequence[iam.Statement]:
        """Grants for a function: to keep and read requests and answers of its models, and to use its queue.

        Listing is granted because S3 answers a read of a missing object with 404 only then.
        """
        args = self._args
        below = (
            [f"{args.prefix}/{model}/*" for model in models] if models and len(models) == 1 else [f"{args.prefix}/*"]
        )
        used = "SendMessage ReceiveMessage DeleteMessage ChangeMessageVisibility GetQueueAttributes"
        keyed = ("Decrypt", "GenerateDataKey")
        statements = [
            iam.allow(
                ["s3:GetObject", "s3:PutObject"],
                [pulumi.Output.concat(args.bucket_arn, f"/{pattern}") for pattern in below],
            ),
            iam.allow(["s3:ListBucket"], [args.bucket_arn], conditions={"StringLike": {"s3:prefix": below}}),
            iam.allow([f"sqs:{action}" for action in used.split()], [queue.arn]),
        ]
        if args.bucket_key_arn is not None:
            of_objects = {"aws:s3:arn": [args.bucket_arn, pulumi.Output.concat(args.bucket_arn, "/*")]}
            statements.append(iam.use_key(args.bucket_key_arn, "s3", keyed, context=of_objects))
        if args.kms_key_arn is not None:
            statements.append(iam.use_key(args.kms_key_arn, "sqs", keyed, context={"aws:sqs:arn": [queue.arn]}))
        return statements

    def _failed(self) -> Alarm:
        return Alarm(
            name=f"{self._name}-dead-letters",
            description=f"Requests that are answered later failed {MOST_TRIES} times. Each message names the model and "
            "the id; the function's log has a record with the id for every try that it could write one for. When it is "
            "mended, move the messages back (SQS: start DLQ redrive).",
            metrics={"waiting": _metric(self._dead_letters.name, "ApproximateNumberOfMessagesVisible")},
            expression="FILL(waiting, 0)",
            threshold=0,
        )


def _old(queue: RequestQueue) -> Alarm:
    return Alarm(
        name=f"{queue.name}-requests-wait",
        description=f"A request that is answered later waits for more than {OLD_SECONDS // 60} minutes. Either more "
        "come than are worked on (raise asynchronousConcurrency), or the function fails or is throttled.",
        metrics={"age": _metric(queue.queue_name, "ApproximateAgeOfOldestMessage")},
        expression="FILL(age, 0)",
        threshold=OLD_SECONDS,
        minutes=5,
    )


def _metric(queue_name: pulumi.Input[str], name: str) -> MetricSource:
    return MetricSource(namespace="AWS/SQS", dimensions={"QueueName": queue_name}, name=name, statistic="Maximum")
