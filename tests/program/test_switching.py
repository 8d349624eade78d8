"""What a change of a setting keeps: a resource that has the same address before and after is not made anew."""

from pathlib import Path
from typing import Any, get_args

import pytest

from components.settings.storage_settings import Storage
from tests.packaged import package
from tests.program.test_operations import KEY, WATCHED
from tests.program.test_program import run
from tests.recorder import Recorder, Registered

Address = tuple[str, ...]

DOMAIN = {"domainName": "models.example.com", "certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/0a"}
AUTHORIZER = {"auth": "lambda", "authorizerArn": "arn:aws:lambda:eu-central-1:123456789012:function:admit"}
OF_A_FUNCTION = (
    "aws:lambda/permission:Permission",
    "aws:apigatewayv2/integration:Integration",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:codedeploy/deploymentGroup:DeploymentGroup",
    "aws:lambda/invocation:Invocation",
)
"""Types of which each function of a stack has one or more."""
ACCESS_POINTS = ("aws:efs/accessPoint:AccessPoint", "aws:s3/filesAccessPoint:FilesAccessPoint")
"""In mode single, each model has one of its own."""


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    package(tmp_path, "digits", engine="tensorflow")
    return package(tmp_path, "iris")


def addresses(recorder: Recorder) -> dict[Address, Registered]:
    """The resources by what Pulumi tells them apart by: the types from the stack down, and the name."""
    by_urn = {each.urn: each for each in recorder.registered}

    def types(resource: Registered) -> Address:
        parent = by_urn.get(resource.parent)
        return (*(types(parent) if parent else ()), resource.type)

    return {(*types(each), each.name): each for each in recorder.registered}


def of_the_functions(recorder: Recorder) -> set[Address]:
    """The addresses of the functions and of what each of them has for itself."""
    return {
        found
        for found, each in addresses(recorder).items()
        if "tensorflow-lambda:index:InferenceFunction" in found
        or (each.type in OF_A_FUNCTION and "files" not in each.name)
    }


@pytest.mark.parametrize("api", ["http", "rest"])
@pytest.mark.parametrize("storage", get_args(Storage))
def test_a_change_of_the_mode_keeps_everything_but_the_functions(packaged: Path, storage: Storage, api: str):
    values: dict[str, Any] = {**WATCHED, **DOMAIN, **AUTHORIZER, "storage": storage, "api": api, "kmsKeyArn": KEY}
    multi, single = (run(packaged, mode=mode, **values) for mode in ("multi", "single"))

    assert addresses(multi).keys() - of_the_functions(multi) <= addresses(single).keys()
    further = addresses(single).keys() - of_the_functions(single) - addresses(multi).keys()
    assert {found[-2] for found in further} <= {"aws:apigatewayv2/route:Route", *ACCESS_POINTS}


@pytest.mark.parametrize("mode", ["single", "multi"])
def test_a_change_of_the_storage_keeps_the_bucket_the_api_and_the_functions(packaged: Path, mode: str):
    kept = ("aws:s3/bucket", "aws:apigatewayv2/", "aws:lambda/alias:Alias", "aws:lambda/permission", "aws:ecr/")

    def found(storage: Storage) -> frozenset[Address]:
        recorder = run(packaged, mode=mode, storage=storage)
        # What fills EFS is called by the bucket, and only that storage has it; it and S3 Files are told of events.
        told = "aws:s3/bucketNotification:BucketNotification"
        found = {each for each in addresses(recorder) if each[-2].startswith(kept) and each[-2] != told}
        return frozenset(each for each in found if "files" not in each[-1])

    assert len({found(storage) for storage in get_args(Storage)}) == 1


def test_the_domain_name_is_kept_when_another_kind_of_api_answers_under_it(packaged: Path):
    http, rest = (addresses(run(packaged, api=api, **DOMAIN)) for api in ("http", "rest"))
    of_the_domain = {found for found in http if "tensorflow-lambda:index:ApiDomain" in found}
    assert len(of_the_domain) == 3
    assert of_the_domain <= rest.keys()


def test_another_kind_of_authorizer_stands_beside_the_old_one_until_no_route_needs_that(packaged: Path):
    tokens = {"auth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": ["models"]}
    names = {run(packaged, **auth).one("aws:apigatewayv2/authorizer:Authorizer").name for auth in (tokens, AUTHORIZER)}
    assert len(names) == 2


def test_an_image_is_pushed_again_where_another_key_means_another_repository(packaged: Path):
    names = {run(packaged, **values).one("docker:index/image:Image").name for values in ({}, {"kmsKeyArn": KEY})}
    assert len(names) == 2
