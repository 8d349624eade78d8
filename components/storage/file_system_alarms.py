"""The alarms of an EFS file system and of its sync function. Imports no Pulumi resources."""

from functools import partial

import pulumi

from components.model_source import Alarm, MetricSource, alarm_at_the_first

LOW_BURST_CREDITS_BYTES = 0.21 * 2**40
"""A tenth of a full balance, which lasts for half an hour of reading at 100 MiB/s.
https://docs.aws.amazon.com/efs/latest/ug/performance.html"""


def file_system_alarms(name: str, file_system_id: pulumi.Input[str], *, bursting: bool) -> list[Alarm]:
    """The alarms of an EFS file system; burst credits exist only in bursting mode."""
    efs_metric = partial(MetricSource, namespace="AWS/EFS", dimensions={"FileSystemId": file_system_id})
    io_limit = Alarm(
        name=f"{name}-io-limit",
        description="The file system is near its limit of operations a second; loading models slows down.",
        metrics={"used": efs_metric(name="PercentIOLimit", statistic="Maximum")},
        expression="used",
        threshold=95,
        minutes=3,
    )
    burst_credits = Alarm(
        name=f"{name}-burst-credits",
        description="Less than a tenth of the burst credits are left; without them a small file system reads "
        "1 MiB a second and cold starts time out. Set efsThroughput to elastic.",
        metrics={"left": efs_metric(name="BurstCreditBalance", statistic="Minimum")},
        expression="left",
        threshold=LOW_BURST_CREDITS_BYTES,
        comparison="LessThanThreshold",
    )
    return [io_limit, burst_credits] if bursting else [io_limit]


def dead_letter_alarm(name: str, queue_name: pulumi.Input[str]) -> Alarm:
    """The alarm of the queue that receives the events on which the sync function failed."""
    sqs_metric = partial(MetricSource, namespace="AWS/SQS", dimensions={"QueueName": queue_name})
    return alarm_at_the_first(
        f"{name}-dead-letters",
        "The sync function failed for an upload event, so the file system may lack a published version. The message "
        "holds the event; the function's log holds the reason. Invoke the function again when mended.",
        waiting=sqs_metric(name="ApproximateNumberOfMessagesVisible", statistic="Maximum"),
    )
