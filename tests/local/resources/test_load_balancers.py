"""Load balancers on an emulated account: made, changed and taken away."""

import pytest

from tests.local.resources.conftest import Cloud

BALANCER, LISTENER = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/listener:Listener"
GROUP, RULE = "aws:lb/targetGroup:TargetGroup", "aws:lb/listenerRule:ListenerRule"
FUNCTIONS = {"namePrefix": "model-", "targetType": "lambda", "lambdaMultiValueHeadersEnabled": True}


@pytest.fixture
def balancer(cloud: Cloud):
    return cloud.create(BALANCER, internal=True, subnets=["subnet-0a", "subnet-0b"], securityGroups=["sg-0a"])


def forwarding(group: str) -> list[dict[str, str]]:
    return [{"type": "forward", "targetGroupArn": group}]


def test_a_load_balancer_gets_a_name_and_keeps_it_when_it_is_changed(cloud: Cloud, balancer):
    assert balancer.outputs["internal"] is True
    assert len(balancer.outputs["name"]) <= 32
    changed = cloud.update(
        BALANCER,
        balancer,
        internal=True,
        subnets=["subnet-0a", "subnet-0c"],
        securityGroups=["sg-0b"],
        idleTimeout=120,
        tags={"team": "vision"},
    )
    assert changed.outputs["name"] == balancer.outputs["name"]
    assert changed.outputs["securityGroups"] == ["sg-0b"]
    assert changed.outputs["tags"] == {"team": "vision"}
    cloud.delete(BALANCER, changed)


def test_a_target_group_of_functions_may_hold_any_model_s_name(cloud: Cloud):
    group = cloud.create(GROUP, **FUNCTIONS)
    assert group.outputs["name"].startswith("model-")
    assert len(group.outputs["name"]) <= 32
    cloud.delete(GROUP, group)


def test_rules_without_a_priority_come_one_after_the_other(cloud: Cloud, balancer):
    groups = [cloud.create(GROUP, **FUNCTIONS).id for _ in range(2)]
    listener = cloud.create(
        LISTENER, loadBalancerArn=balancer.id, port=80, protocol="HTTP", defaultActions=forwarding(groups[0])
    )
    rules = [
        cloud.create(
            RULE,
            listenerArn=listener.id,
            conditions=[{"pathPattern": {"values": [f"/v1/models/{model}"]}}],
            actions=forwarding(groups[0]),
        )
        for model in ("iris", "digits")
    ]
    assert [rule.outputs["priority"] for rule in rules] == [1, 2]
    moved = cloud.update(
        RULE,
        rules[1],
        listenerArn=listener.id,
        conditions=[{"pathPattern": {"values": ["/v1/models/wine"]}}],
        actions=forwarding(groups[1]),
    )
    assert moved.outputs["priority"] == 2
    for rule in rules:
        cloud.delete(RULE, rule)
    cloud.delete(LISTENER, listener)
