"""What somebody deletes or changes by hand is found by a refresh and mended by an update, under Pulumi's own engine."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.resources.provider import EmulatedProvider, Named
from tests.engine.conftest import succeeded

SHAPE: Mapping[str, Any] = {"storage": "efs", "monitoring": True, "delivery": "canary10Percent5Minutes"}

SERVICES: Mapping[str, tuple[str, ...]] = {
    "the API": ("aws:apigatewayv2/",),
    "functions and what operates them": ("aws:lambda/", "aws:iam/", "aws:cloudwatch/", "aws:codedeploy/", "aws:sqs/"),
    "the network": ("aws:ec2/", "aws:vpc/"),
}
"""Types of a stack in groups, by how their names begin."""


def last_of_each_type(resources: Sequence[Mapping[str, Any]], prefixes: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The last resource of each type, those first that were made last."""
    found = {each["type"]: each for each in resources if each["type"].startswith(prefixes) and each.get("custom")}
    return sorted(found.values(), key=resources.index, reverse=True)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", SERVICES)
def test_what_somebody_deletes_is_made_again(run, settings, group: str):
    made = succeeded(run.stack.up({**settings, **SHAPE}))
    provider, deleted = EmulatedProvider(run.account), list[str]()
    for each in last_of_each_type(run.stack.resources(), SERVICES[group]):
        named = Named(pulumi_type=each["type"], name=each["urn"].rpartition("::")[2])
        try:
            provider.delete(named, each["id"], each["outputs"])
        except ClientError:
            continue  # AWS does not let anybody delete what is in use
        deleted.append(each["type"])
    assert len(deleted) > 2
    assert succeeded(run.stack.refresh()).changes["delete"] > 2
    mended = succeeded(run.stack.up())
    assert mended.outputs["bucketName"] == made.outputs["bucketName"]
    assert succeeded(run.stack.refresh()).quiet
    assert succeeded(run.stack.up()).quiet


def test_an_alias_a_route_and_an_object_that_somebody_changes_are_put_back(run, settings):
    succeeded(run.stack.up(settings))
    made = succeeded(run.stack.up({"memoryMib": 2048}))
    lambda_, gateway, s3 = (run.account.client(service) for service in ("lambda", "apigatewayv2", "s3"))
    [function] = run.account.invocations.functions()
    lambda_.update_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    [api] = gateway.get_apis()["Items"]
    route = next(each for each in gateway.get_routes(ApiId=api["ApiId"])["Items"] if each["RouteKey"] == "ANY /v2")
    gateway.update_route(ApiId=api["ApiId"], RouteId=route["RouteId"], AuthorizationType="AWS_IAM")
    pointer = {"Bucket": made.outputs["bucketName"], "Key": "models/iris/current.json"}
    s3.delete_object(**pointer)

    found = succeeded(run.stack.refresh())
    assert (found.changes["update"], found.changes["delete"]) == (2, 1)
    succeeded(run.stack.up())
    assert lambda_.get_alias(FunctionName=function.name, Name="live")["FunctionVersion"] == "2"
    assert gateway.get_route(ApiId=api["ApiId"], RouteId=route["RouteId"])["AuthorizationType"] == "NONE"
    assert s3.get_object(**pointer)["ContentLength"] > 0
    assert succeeded(run.stack.up()).quiet
