"""A domain name leads to an API of either kind, and to another one later."""

import logging

import pytest

from components.api.api_domain import ApiDomain, ApiDomainArgs, Domain
from tests.recorder import CERTIFICATE, Recorder, deploy, refuse_resources

TARGET = "d-abcdefghij.execute-api.eu-central-1.amazonaws.com"


def deploy_domain(hosted_zone_id: str | None = None, stage_name: str = "$default") -> Recorder:
    domain = Domain(name="models.example.com", certificate_arn=CERTIFICATE, hosted_zone_id=hosted_zone_id)
    return deploy(lambda: ApiDomain("domain", ApiDomainArgs(domain=domain, api_id="abcdefghij", stage_name=stage_name)))


def test_a_domain_name_has_tls_and_its_root_is_the_stage():
    recorder = deploy_domain()
    name = recorder.one("aws:apigatewayv2/domainName:DomainName").inputs
    assert name["domainNameConfiguration"] == {
        "certificateArn": CERTIFICATE,
        "endpointType": "REGIONAL",
        "securityPolicy": "TLS_1_2",
    }
    mapping = recorder.one("aws:apigatewayv2/apiMapping:ApiMapping").inputs
    assert (mapping["apiId"], mapping["stage"]) == ("abcdefghij", "$default")
    assert recorder.one("tensorflow-lambda:index:ApiDomain").outputs["url"] == "https://models.example.com"


def test_a_hosted_zone_gets_a_record():
    record = deploy_domain(hosted_zone_id="Z0").one("aws:route53/record:Record").inputs
    assert (record["zoneId"], record["name"], record["type"]) == ("Z0", "models.example.com", "A")
    assert record["aliases"] == [{"name": TARGET, "zoneId": "Z1U9ULNL0V5AJ3", "evaluateTargetHealth": False}]


def test_dns_is_left_alone_unless_a_zone_is_named():
    recorder = deploy_domain()
    assert not recorder.of("aws:route53/record:Record")
    assert recorder.one("tensorflow-lambda:index:ApiDomain").outputs["target"] == TARGET


def test_a_root_leads_to_one_api_so_the_old_mapping_goes_before_the_new_one_comes():
    assert deploy_domain().one("aws:apigatewayv2/apiMapping:ApiMapping").delete_before_replace


def test_a_record_that_is_there_already_is_explained(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    reason = "InvalidChangeBatch: [Tried to create resource record set, but it already exists]"
    refuse_resources(monkeypatch, lambda asked: reason if asked.typ == "aws:route53/record:Record" else None)
    with caplog.at_level(logging.ERROR), pytest.raises(Exception, match="InvalidChangeBatch"):
        deploy_domain("Z123")
    assert "set another domainName" in caplog.text
