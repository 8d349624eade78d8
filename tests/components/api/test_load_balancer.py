"""LoadBalancer: what stands between callers of a network and the functions."""

import pytest

from components.api.api_domain import Domain
from components.api.load_balancer import LoadBalancer, LoadBalancerArgs
from policy.invariants import breaches
from tests.components.api.behind import in_front_of_each, in_front_of_one
from tests.recorder import CERTIFICATE, WEB_ACL, Recorder, deploy

DOMAIN = Domain(name="models.example.com", certificate_arn=CERTIFICATE)
SUBNETS = ["subnet-0a", "subnet-0b"]


def deployed(*models: str, **args: object) -> Recorder:
    def program() -> None:
        behind = in_front_of_each(*models) if models else in_front_of_one()
        network = {"vpc_id": "vpc-0a", "subnet_ids": SUBNETS, "callers": ["10.0.0.0/8"], "domain": DOMAIN}
        LoadBalancer("api", LoadBalancerArgs(functions=behind.functions, **{**network, "timeout_seconds": 29, **args}))

    return deploy(program)


def test_it_has_no_public_address_and_stands_in_every_subnet():
    balancer = deployed().one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert (balancer["internal"], balancer["subnets"]) == (True, SUBNETS)
    assert balancer["securityGroups"] == ["api-callers-id"]
    assert balancer["dropInvalidHeaderFields"] is True


def test_only_the_callers_that_are_named_may_connect_by_tls():
    recorder = deployed(callers=["10.1.0.0/16", "10.2.0.0/16"])
    rules = recorder.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert {each.inputs["cidrIpv4"] for each in rules} == {"10.1.0.0/16", "10.2.0.0/16"}
    assert {(each.inputs["fromPort"], each.inputs["toPort"]) for each in rules} == {(443, 443)}
    assert recorder.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule") == []
    listener = recorder.one("aws:lb/listener:Listener").inputs
    assert (listener["protocol"], listener["certificateArn"]) == ("HTTPS", CERTIFICATE)
    assert "TLS13" in listener["sslPolicy"]


def test_one_function_answers_every_path():
    recorder = deployed()
    assert recorder.of("aws:lb/listenerRule:ListenerRule") == []
    assert (
        recorder.one("aws:lb/targetGroupAttachment:TargetGroupAttachment")
        .inputs["targetId"]
        .endswith(":all-1234567:live")
    )


def test_each_model_s_paths_lead_to_its_function():
    recorder = deployed("digits", "iris")
    targets = {
        each.inputs["targetGroupArn"]: each.inputs["targetId"].split(":")[6]
        for each in recorder.of("aws:lb/targetGroupAttachment:TargetGroupAttachment")
    }
    led = {}
    for rule in recorder.of("aws:lb/listenerRule:ListenerRule"):
        (condition,), (action,) = rule.inputs["conditions"], rule.inputs["actions"]
        led[targets[action["targetGroupArn"]]] = condition["pathPattern"]["values"]
    assert led["iris-1234567"] == [
        "/v1/models/iris:*",
        "/v1/models/iris",
        "/v1/models/iris/*",
        "/v2/models/iris",
        "/v2/models/iris/*",
    ]
    (default,) = recorder.one("aws:lb/listener:Listener").inputs["defaultActions"]
    assert targets[default["targetGroupArn"]] == "digits-1234567"


def test_it_may_invoke_each_function_s_alias_before_the_alias_is_a_target():
    recorder = deployed("digits", "iris")
    permissions = recorder.of("aws:lambda/permission:Permission")
    assert {each.inputs["qualifier"] for each in permissions} == {"live"}
    assert {each.inputs["principal"] for each in permissions} == {"elasticloadbalancing.amazonaws.com"}
    assert all(":targetgroup/" in each.inputs["sourceArn"] for each in permissions)
    for target in recorder.of("aws:lb/targetGroupAttachment:TargetGroupAttachment"):
        assert any(permission.urn in target.dependencies for permission in permissions)


@pytest.mark.parametrize(("seconds", "patience"), [(5, 60), (900, 901)])
def test_it_waits_longer_than_a_function_may_run(seconds: int, patience: int):
    assert deployed(timeout_seconds=seconds).one("aws:lb/loadBalancer:LoadBalancer").inputs["idleTimeout"] == patience


def test_a_host_name_leads_to_it_where_a_zone_is_named():
    zoned = Domain(name="models.example.com", certificate_arn=CERTIFICATE, hosted_zone_id="Z0123456789ABC")
    record = deployed(domain=zoned).one("aws:route53/record:Record").inputs
    assert record["aliases"][0]["zoneId"] == "Z215JYRZR1TBD5"
    assert deployed().of("aws:route53/record:Record") == []


def test_a_web_acl_checks_every_request():
    association = deployed(web_acl_arn=WEB_ACL).one("aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert ":loadbalancer/app/" in association["resourceArn"]


def test_one_subnet_is_refused():
    with pytest.raises(ValueError, match="a load balancer stands in two zones or more"):
        deployed(subnet_ids=["subnet-0a"])


def test_no_invariant_is_breached():
    recorder = deployed("digits", "iris")
    assert [breach for each in recorder.registered for breach in breaches(each.type, each.name, each.inputs)] == []
