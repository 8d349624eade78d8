"""What CloudWatch recorded of the minutes of a load, and what that advises."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

MINUTE = 60
MIB = 1 << 20
READ_DISCOUNT = 3
"""A read counts a third of its bytes against a file system's throughput."""
BUSY_PERCENT = 80
LOW_CREDITS = 100 * 1024 * MIB
"""Bytes: a quarter of an hour at 100 MiB/s."""
HEADROOM = 1.2


@dataclass(frozen=True, kw_only=True)
class CloudFigures:
    """The figures of one run. None where there are no data."""

    duration_p99_ms: float | None = None
    throttles: float = 0
    most_at_once: float | None = None
    credits_bytes: float | None = None
    """The lowest burst credit balance."""
    io_limit_percent: float | None = None
    metered_bytes_per_second: float | None = None
    """The highest of a minute."""
    permitted_bytes_per_second: float | None = None


def read(
    client: Any, functions: Sequence[str], file_system: str | None, began: datetime, ended: datetime
) -> CloudFigures:
    """Ask CloudWatch for the whole minutes from `began` to `ended`. `client` is boto3's of `cloudwatch`."""
    lambdas = [{"Name": "FunctionName", "Value": name} for name in functions]
    queries: dict[str, tuple[str, str, list[dict[str, str]], str]] = {}
    for number, dimension in enumerate(lambdas):
        queries[f"duration{number}"] = ("AWS/Lambda", "Duration", [dimension], "p99")
        queries[f"throttles{number}"] = ("AWS/Lambda", "Throttles", [dimension], "Sum")
        queries[f"concurrent{number}"] = ("AWS/Lambda", "ConcurrentExecutions", [dimension], "Maximum")
    if file_system is not None:
        files = [{"Name": "FileSystemId", "Value": file_system}]
        queries["credits"] = ("AWS/EFS", "BurstCreditBalance", files, "Minimum")
        queries["limit"] = ("AWS/EFS", "PercentIOLimit", files, "Maximum")
        queries["metered"] = ("AWS/EFS", "MeteredIOBytes", files, "Sum")
        queries["permitted"] = ("AWS/EFS", "PermittedThroughput", files, "Minimum")
    found = _values(client, queries, began, ended)
    every = {key.rstrip("0123456789"): list[float]() for key in queries}
    for key, values in found.items():
        every[key.rstrip("0123456789")] += values
    return CloudFigures(
        duration_p99_ms=max(every.get("duration", []), default=None),
        throttles=sum(every.get("throttles", [])),
        most_at_once=max(every.get("concurrent", []), default=None),
        credits_bytes=min(every.get("credits", []), default=None),
        io_limit_percent=max(every.get("limit", []), default=None),
        metered_bytes_per_second=max((value / MINUTE for value in every.get("metered", [])), default=None),
        permitted_bytes_per_second=min(every.get("permitted", []), default=None),
    )


def _values(
    client: Any, queries: dict[str, tuple[str, str, list[dict[str, str]], str]], began: datetime, ended: datetime
) -> dict[str, list[float]]:
    if not queries:
        return {}
    answer = client.get_metric_data(
        StartTime=began.replace(second=0, microsecond=0),
        EndTime=ended.replace(second=0, microsecond=0) + timedelta(minutes=1),
        MetricDataQueries=[
            {
                "Id": key,
                "MetricStat": {
                    "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions},
                    "Period": MINUTE,
                    "Stat": statistic,
                },
            }
            for key, (namespace, name, dimensions, statistic) in queries.items()
        ],
    )
    return {result["Id"]: list(result["Values"]) for result in answer["MetricDataResults"]}


def as_text(figures: CloudFigures) -> Iterator[str]:
    """The figures, a line for each kind."""
    if figures.duration_p99_ms is not None:
        at_once = "" if figures.most_at_once is None else f", {figures.most_at_once:g} at once at most"
        p99 = f"{figures.duration_p99_ms:,.1f} ms"
        yield f"functions: p99 of the duration {p99}, {figures.throttles:g} throttled{at_once}"
    if figures.permitted_bytes_per_second is not None:
        metered = (figures.metered_bytes_per_second or 0) / MIB
        yield f"file system: {metered:,.1f} of {figures.permitted_bytes_per_second / MIB:,.1f} MiB/s metered"
    if figures.credits_bytes is not None:
        yield f"file system: {figures.credits_bytes / MIB / 1024:,.1f} GiB of burst credits at the lowest"
    if figures.io_limit_percent is not None:
        yield f"file system: {figures.io_limit_percent:g} % of its operations a second"


def advice(figures: CloudFigures) -> Iterator[str]:
    """What to change, a line for each finding."""
    if figures.throttles:
        yield (
            f"{figures.throttles:g} invocations were throttled: raise reservedConcurrency, or ask in Service Quotas "
            "for more concurrency of the account"
        )
    metered, permitted = figures.metered_bytes_per_second, figures.permitted_bytes_per_second
    if metered is not None and permitted and metered > permitted * BUSY_PERCENT / 100:
        needed = ceil(metered * HEADROOM / MIB)
        yield (
            f"the file system was at {metered / permitted:.0%} of its throughput: set efsThroughput to elastic, or to "
            f"provisioned with efsProvisionedMibps at {needed} or more ({needed * READ_DISCOUNT} MiB/s of reads)"
        )
    if figures.credits_bytes is not None and figures.credits_bytes < LOW_CREDITS:
        yield (
            f"burst credits for {figures.credits_bytes / MIB / 100:,.0f} s at 100 MiB/s were left: set efsThroughput "
            "to elastic before they are used up"
        )
    if figures.io_limit_percent is not None and figures.io_limit_percent > BUSY_PERCENT:
        yield (
            f"the file system was at {figures.io_limit_percent:g} % of its operations: keep models in fewer, larger "
            "files, or set efsThroughput to elastic"
        )
