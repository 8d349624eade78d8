"""What CloudWatch's figures of a load advise."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import ANY, Stubber

from ops.load.cloudwatch import MIB, CloudFigures, advice, as_text, read

BEGAN, ENDED = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC), datetime(2026, 6, 1, 12, 3, 10, tzinfo=UTC)


def test_figures_are_read_for_the_whole_minutes_of_a_load() -> None:
    client = boto3.client("cloudwatch", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    values = {
        "duration0": [12.0, 30.0],
        "throttles0": [1.0, 2.0],
        "concurrent0": [4.0, 9.0],
        "duration1": [50.0],
        "credits": [2.0 * MIB, MIB],
        "metered": [60.0 * 90 * MIB],
        "permitted": [100.0 * MIB],
        "limit": [40.0],
    }
    with Stubber(client) as stub:
        stub.add_response(
            "get_metric_data",
            {"MetricDataResults": [{"Id": key, "Values": each} for key, each in values.items()]},
            {
                "StartTime": datetime(2026, 6, 1, 12, 0, tzinfo=UTC),
                "EndTime": datetime(2026, 6, 1, 12, 4, tzinfo=UTC),
                "MetricDataQueries": ANY,
            },
        )
        found = read(client, ["a", "b"], "fs-1", BEGAN, ENDED)

    assert found == CloudFigures(
        duration_p99_ms=50,
        throttles=3,
        most_at_once=9,
        credits_bytes=MIB,
        io_limit_percent=40,
        metered_bytes_per_second=90 * MIB,
        permitted_bytes_per_second=100 * MIB,
    )
    assert len(list(as_text(found))) == 4


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        (CloudFigures(throttles=3), "3 invocations were throttled"),
        (
            CloudFigures(metered_bytes_per_second=90 * MIB, permitted_bytes_per_second=100 * MIB),
            "efsProvisionedMibps at 108 or more (324 MiB/s of reads)",
        ),
        (CloudFigures(credits_bytes=6000 * MIB), "burst credits for 60 s"),
        (CloudFigures(io_limit_percent=97), "at 97 % of its operations"),
    ],
)
def test_each_limit_that_was_near_is_said_with_what_to_change(figures: CloudFigures, said: str) -> None:
    [line] = advice(figures)

    assert said in line


def test_a_load_that_came_near_no_limit_needs_no_change() -> None:
    figures = CloudFigures(
        duration_p99_ms=9,
        credits_bytes=1e15,
        io_limit_percent=5,
        metered_bytes_per_second=MIB,
        permitted_bytes_per_second=9 * MIB,
    )

    assert list(advice(figures)) == []
