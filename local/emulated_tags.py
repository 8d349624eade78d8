"""Tags that the emulated tagging API tells of services whose tags ministack keeps and does not tell.

It tells no tags of what is deleted, where AWS does so for a while.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, apigateway, apigateway_v1, cloudwatch, cloudwatch_logs, ec2, s3files, tagging

Tagged = Iterator[tuple[str, list[dict[str, str]]]]
"""ARNs, each with its tags."""

KINDS: Mapping[str, tuple[str, Any]] = {
    "vpc": ("vpc", ec2._vpcs),  # pyright: ignore
    "subnet": ("subnet", ec2._subnets),  # pyright: ignore
    "sg": ("security-group", ec2._security_groups),  # pyright: ignore
    "rtb": ("route-table", ec2._route_tables),  # pyright: ignore
    "vpce": ("vpc-endpoint", ec2._vpc_endpoints),  # pyright: ignore
}
"""By the first letters of an id: what stands in the ARN, and what there is."""


def tags_of_ec2() -> Tagged:
    """Networks, and the rules of security groups."""
    rules = set(_rules())
    for name, tags in list(ec2._tags.items()):  # pyright: ignore
        kind, there = KINDS.get(name.partition("-")[0], ("security-group-rule", rules))
        if name in there:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{name}", tags


def _rules() -> Iterator[str]:
    for group, found in ec2._security_groups.items():  # pyright: ignore
        for key, is_egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
            for rule in found.get(key, []):
                yield ec2._sg_rule_id(group, is_egress, rule)  # pyright: ignore


def tags_of_logs() -> Tagged:
    """Log groups."""
    for found in cloudwatch_logs._log_groups.values():  # pyright: ignore
        yield found["arn"], _pairs(found["tags"])


def tags_of_gateways() -> Tagged:
    """APIs of both kinds and their stages."""
    stores = ((apigateway._api_tags, apigateway._apis), (apigateway_v1._v1_tags, apigateway_v1._rest_apis))  # pyright: ignore
    for tags, apis in stores:
        for arn, found in list(tags.items()):
            if arn.split("/")[2] in apis:
                yield arn, _pairs(found)


def tags_of_balancers() -> Tagged:
    """Load balancers and what they consist of."""
    yield from list(alb._tags.items())  # pyright: ignore


def tags_of_alarms() -> Tagged:
    """Alarms."""
    for arn, tags in list(cloudwatch._resource_tags.items()):  # pyright: ignore
        yield arn, _pairs(tags)


def tags_of_files() -> Tagged:
    """File systems and access points of S3 Files."""
    for store, key in ((s3files._file_systems, "fileSystemArn"), (s3files._access_points, "accessPointArn")):  # pyright: ignore
        for name, found in list(store.items()):
            tags = s3files._tags.get(name, [])  # pyright: ignore
            yield found[key], _pairs({each["key"]: each["value"] for each in tags})


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


COLLECTORS: Mapping[str, Callable[[], Tagged]] = {
    **tagging._COLLECTORS,  # pyright: ignore
    "ec2": tags_of_ec2,
    "logs": tags_of_logs,
    "apigateway": tags_of_gateways,
    "elasticloadbalancing": tags_of_balancers,
    "cloudwatch": tags_of_alarms,
    "s3files": tags_of_files,
}
"""What the tagging API tells, by the service in an ARN."""
