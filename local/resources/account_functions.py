"""Provider functions about the account itself."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.resource_type import Call


def get_caller_identity(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.get_caller_identity"""
    found = account.client("sts").get_caller_identity()
    return {"id": account.account_id, "accountId": account.account_id, "arn": found["Arn"], "userId": found["UserId"]}


def get_region(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.get_region"""
    name = account.region
    return {"id": name, "name": name, "region": name, "endpoint": f"ec2.{name}.amazonaws.com", "description": name}


def get_partition(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.get_partition"""
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def get_availability_zones(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.get_availability_zones"""
    zones = account.client("ec2").describe_availability_zones()["AvailabilityZones"]
    return {
        **arguments,
        "id": account.region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone["GroupName"] for zone in zones}),
    }


FUNCTIONS: Mapping[str, Call] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": get_availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": get_caller_identity,
    "aws:index/getPartition:getPartition": get_partition,
    "aws:index/getRegion:getRegion": get_region,
}
