"""A domain name of a living stack, under Pulumi's own engine: it outlives the API that it leads to."""

from itertools import pairwise
from typing import Any

import pytest

from local.api_client import ApiClient
from local.engine.results import Result
from local.surroundings import DOMAIN, make_surroundings
from tests.engine.conftest import succeeded

NAME = f"models.{DOMAIN}"
OF_THE_DOMAIN = ("aws:apigatewayv2/domainName:DomainName", "aws:route53/record:Record")
MAPPING = "aws:apigatewayv2/apiMapping:ApiMapping"


@pytest.fixture
def named(run, settings, models) -> dict[str, Any]:
    """A stack with a domain name and its DNS record."""
    around = make_surroundings(run.account, models)
    domain = {"domainName": NAME, "certificateArn": around.certificate_arn, "hostedZoneId": around.hosted_zone_id}
    return {**settings, **domain}


def leads_to(run) -> str:
    """The one API that the name leads to."""
    [mapping] = run.account.client("apigatewayv2").get_api_mappings(DomainName=NAME)["Items"]
    return mapping["ApiId"]


def test_a_domain_name_stays_and_leads_to_the_other_kind_of_api_and_back(run, named):
    first = succeeded(run.stack.up(named))
    led, changes = [leads_to(run)], []
    for api in ("rest", "http"):
        changes.append(succeeded(run.stack.up({"api": api})))
        assert {step.operation for step in changes[-1].steps if step.pulumi_type in OF_THE_DOMAIN} == {"same"}
        assert changes[-1].outputs["apiUrl"] == first.outputs["apiUrl"]
        led.append(leads_to(run))
        assert succeeded(run.stack.up()).quiet
    assert all(before != after for before, after in pairwise(led))
    leads_there_when_the_new_api_answers_and_before_the_old_one_goes(changes[0])


def leads_there_when_the_new_api_answers_and_before_the_old_one_goes(to_rest: Result) -> None:
    steps = [(step.operation, step.pulumi_type) for step in to_rest.steps]
    mapped = steps.index(("create-replacement", MAPPING))
    assert steps.index(("create", "aws:apigateway/stage:Stage")) < steps.index(("delete-replaced", MAPPING)) < mapped
    assert mapped < steps.index(("delete", "aws:apigatewayv2/api:Api"))


@pytest.mark.parametrize("api", ["http", "rest"])
def test_the_address_of_aws_closes_when_a_domain_name_comes_and_opens_when_it_goes(run, settings, models, api):
    around = make_surroundings(run.account, models)
    address = succeeded(run.stack.up({**settings, "api": api})).outputs["apiUrl"]

    def status(of: str = address) -> int:
        with ApiClient(of) as client:
            return client.exchange("GET", "/v2/health/live")[0]

    assert status() == 200
    succeeded(run.stack.up({"domainName": NAME, "certificateArn": around.certificate_arn}))
    assert status() == {"http": 404, "rest": 403}[api]
    assert status(run.account.emulator.reached(f"https://{NAME}")) == 200
    succeeded(run.stack.up({"domainName": "", "certificateArn": ""}))
    assert status() == 200
