"""Elastic Load Balancing: Application Load Balancers in front of functions. The emulator leads requests to them."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.words import answered, capitalized, chosen, tag_changes, tag_list, tags_of

SETTINGS = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
}
"""Attributes of a load balancer, by the provider's word."""

MULTI_VALUE_HEADERS = "lambda.multi_value_headers.enabled"
"""The attribute of a target group by which a function gets each header as a list."""


class _Balanced(ResourceType):
    """What all types of the service have in common: their id is their ARN."""

    def client(self, service: str | None = None) -> Any:
        return super().client(service or "elbv2")

    def _tags(self, arn: str) -> dict[str, Any]:
        [found] = self.client().describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {"tags": tags_of(found["Tags"])}

    def _retag(self, arn: str, old: Inputs, new: Inputs) -> None:
        gone, given = tag_changes(old, new)
        if gone:
            self.client().remove_tags(ResourceArns=[arn], TagKeys=gone)
        if given:
            self.client().add_tags(ResourceArns=[arn], Tags=tag_list(new))


class LoadBalancer(_Balanced):
    """aws.lb.LoadBalancer"""

    pulumi_type = "aws:lb/loadBalancer:LoadBalancer"
    computed = ("arn", "arnSuffix", "dnsName", "vpcId", "zoneId")

    def make(self, inputs: Inputs) -> str:
        made = the_only(
            self.client().create_load_balancer(
                Scheme="internal" if inputs.get("internal") else "internet-facing",
                Type=inputs.get("loadBalancerType", "application"),
                **chosen(inputs, ("name", "securityGroups", "subnets")),
                **_tagged(inputs),
            )["LoadBalancers"]
        )
        self._set(made["LoadBalancerArn"], inputs)
        return str(made["LoadBalancerArn"])

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = the_only(self.client().describe_load_balancers(LoadBalancerArns=[resource_id])["LoadBalancers"])
        return {
            "arn": resource_id,
            "arnSuffix": resource_id.partition("loadbalancer/")[2],
            "dnsName": found["DNSName"],
            "vpcId": found["VpcId"],
            "zoneId": found["CanonicalHostedZoneId"],
            "name": found["LoadBalancerName"],
            "internal": found["Scheme"] == "internal",
            "subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
            **answered(found, ("securityGroups",)),
            **self._tags(resource_id),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().set_security_groups(LoadBalancerArn=resource_id, **chosen(new, ("securityGroups",)))
        self.client().set_subnets(LoadBalancerArn=resource_id, **chosen(new, ("subnets",)))
        self._set(resource_id, new)
        self._retag(resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_load_balancer(LoadBalancerArn=resource_id)

    def _set(self, arn: str, inputs: Inputs) -> None:
        values = {key: inputs[word] for word, key in SETTINGS.items() if word in inputs}
        attributes = [{"Key": key, "Value": str(value).lower()} for key, value in values.items()]
        if attributes:
            self.client().modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)


class TargetGroup(_Balanced):
    """aws.lb.TargetGroup, of functions"""

    pulumi_type = "aws:lb/targetGroup:TargetGroup"
    computed = ("arn", "arnSuffix")

    def make(self, inputs: Inputs) -> str:
        name = inputs.get("name") or f"{inputs['namePrefix']}{self.account.unique('')[1:10]}"
        made = the_only(
            self.client().create_target_group(Name=name, TargetType=inputs["targetType"], **_tagged(inputs))[
                "TargetGroups"
            ]
        )
        self._set(made["TargetGroupArn"], inputs)
        return str(made["TargetGroupArn"])

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = the_only(self.client().describe_target_groups(TargetGroupArns=[resource_id])["TargetGroups"])
        return {
            "arn": resource_id,
            "arnSuffix": resource_id.partition(":targetgroup/")[2],
            "name": found["TargetGroupName"],
            "targetType": found["TargetType"],
            **self._tags(resource_id),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set(resource_id, new)
        self._retag(resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_target_group(TargetGroupArn=resource_id)

    def _set(self, arn: str, inputs: Inputs) -> None:
        enabled = str(bool(inputs.get("lambdaMultiValueHeadersEnabled"))).lower()
        attributes = [{"Key": MULTI_VALUE_HEADERS, "Value": enabled}]
        self.client().modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)


class TargetGroupAttachment(_Balanced):
    """aws.lb.TargetGroupAttachment"""

    pulumi_type = "aws:lb/targetGroupAttachment:TargetGroupAttachment"

    def make(self, inputs: Inputs) -> str:
        self.client().register_targets(TargetGroupArn=inputs["targetGroupArn"], Targets=[{"Id": inputs["targetId"]}])
        return f"{inputs['targetGroupArn']},{inputs['targetId']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        group, _, target = resource_id.partition(",")
        found = self.client().describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        there = any(each["Target"]["Id"] == target for each in found)
        return {"targetGroupArn": group, "targetId": target} if there else None

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().deregister_targets(TargetGroupArn=known["targetGroupArn"], Targets=[{"Id": known["targetId"]}])


class Listener(_Balanced):
    """aws.lb.Listener"""

    pulumi_type = "aws:lb/listener:Listener"
    computed = ("arn",)

    def make(self, inputs: Inputs) -> str:
        made = self.client().create_listener(
            LoadBalancerArn=inputs["loadBalancerArn"], **_listener(inputs), **_tagged(inputs)
        )
        return str(the_only(made["Listeners"])["ListenerArn"])

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = the_only(self.client().describe_listeners(ListenerArns=[resource_id])["Listeners"])
        return {
            "arn": resource_id,
            "loadBalancerArn": found["LoadBalancerArn"],
            **answered(found, ("port", "protocol", "sslPolicy")),
            **({"certificateArn": found["Certificates"][0]["CertificateArn"]} if found.get("Certificates") else {}),
            **self._tags(resource_id),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().modify_listener(ListenerArn=resource_id, **_listener(new))
        self._retag(resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_listener(ListenerArn=resource_id)


class ListenerRule(_Balanced):
    """aws.lb.ListenerRule, by paths. Without a priority it comes after all others, as the provider has it."""

    pulumi_type = "aws:lb/listenerRule:ListenerRule"
    computed = ("arn", "priority")

    def make(self, inputs: Inputs) -> str:
        listener = inputs["listenerArn"]
        made = self.client().create_rule(
            ListenerArn=listener,
            Priority=inputs.get("priority") or self._next(listener),
            **_rule(inputs),
            **_tagged(inputs),
        )
        return str(the_only(made["Rules"])["RuleArn"])

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = the_only(self.client().describe_rules(RuleArns=[resource_id])["Rules"])
        return {"arn": resource_id, "priority": int(found["Priority"]), **self._tags(resource_id)}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().modify_rule(RuleArn=resource_id, **_rule(new))
        self._retag(resource_id, old, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_rule(RuleArn=resource_id)

    def _next(self, listener: str) -> int:
        rules = self.client().describe_rules(ListenerArn=listener)["Rules"]
        return max((int(rule["Priority"]) for rule in rules if rule["Priority"] != "default"), default=0) + 1


def _tagged(inputs: Inputs) -> dict[str, Any]:
    return {"Tags": tag_list(inputs)} if inputs.get("tags") else {}


def _listener(inputs: Inputs) -> dict[str, Any]:
    certificates = (
        {"Certificates": [{"CertificateArn": inputs["certificateArn"]}]} if "certificateArn" in inputs else {}
    )
    return {**chosen(inputs, ("defaultActions", "port", "protocol", "sslPolicy")), **certificates}


def _rule(inputs: Inputs) -> dict[str, Any]:
    conditions = [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": each["pathPattern"]["values"]}}
        for each in inputs["conditions"]
    ]
    return {"Conditions": conditions, "Actions": capitalized(inputs["actions"])}


TYPES = (LoadBalancer, TargetGroup, TargetGroupAttachment, Listener, ListenerRule)
