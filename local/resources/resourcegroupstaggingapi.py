"""The tagging API: what has a tag."""

from collections.abc import Mapping
from typing import Any

from local.resources.account import EmulatedAccount
from local.resources.resource_type import Call
from local.resources.words import capitalized, tags_of


def get_resources(account: EmulatedAccount, arguments: dict[str, Any]) -> dict[str, Any]:
    """aws.resourcegroupstaggingapi.get_resources"""
    pages = account.client("resourcegroupstaggingapi").get_paginator("get_resources")
    asked = {
        "TagFilters": capitalized(arguments.get("tagFilters") or []),
        "ResourceTypeFilters": arguments.get("resourceTypeFilters") or [],
    }
    found = [each for page in pages.paginate(**asked) for each in page["ResourceTagMappingList"]]
    told = [
        {"resourceArn": each["ResourceARN"], "tags": tags_of(each["Tags"]), "complianceDetails": []} for each in found
    ]
    return {**arguments, "id": account.region, "resourceTagMappingLists": told}


FUNCTIONS: Mapping[str, Call] = {"aws:resourcegroupstaggingapi/getResources:getResources": get_resources}
