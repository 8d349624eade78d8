"""Elastic Load Balancing: Application Load Balancers in front of functions. The emulator leads requests to them."""

from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType, the_only
from local.resources.worded_type import WordedType
from local.resources.words import answered, capitalized, chosen, tag_changes, tag_list, tags_of

SETTINGS = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
}
"""Attributes of a load balancer, by the provider's word."""

MULTI_VALUE_HEADERS = "lambda.multi_value_headers.enabled"
"""The attribute of a target group by which a function gets each header as a list."""


class _Balanced(ResourceType):
    """A type of the service."""

    def client(self, service: str | None = None) -> Any:
        return super().client(service or "elbv2")


class _WithArn(WordedType, _Balanced):
    """A type whose id is its ARN, with tags."""

    def make(self, inputs: Inputs) -> str:
        tags = {"Tags": tag_list(inputs)} if inputs.get("tags") else {}
        made = the_only(self.call(f"Create{self.word}", **self.arguments(inputs), **tags)[f"{self.word}s"])
        arn = str(made[f"{self.word}Arn"])
        self._set(arn, inputs)
        return arn

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = the_only(self.call(f"Describe{self.word}s", **{f"{self.word}Arns": [resource_id]})[f"{self.word}s"])
        return {"arn": resource_id, **self.told(found), **self._tags(resource_id)}

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.call(f"Delete{self.word}", **{f"{self.word}Arn": resource_id})

    def _set(self, arn: str, inputs: Inputs) -> None:
        """Set what the call that makes one does not take; nothing of most types."""

    def _tags(self, arn: str) -> dict[str, Any]:
        [found] = self.client().describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {"tags": tags_of(found["Tags"])}

    def _retag(self, arn: str, old: Inputs, new: Inputs) -> None:
        gone, given = tag_changes(old, new)
        if gone:
            self.client().remove_tags(ResourceArns=[arn], TagKeys=gone)
        if given:
            self.client().add_tags(ResourceArns=[arn], Tags=tag_list(new))


class LoadBalancer(_WithArn):
    """aws.lb.LoadBalancer"""

    pulumi_type = "aws:lb/loadBalancer:LoadBalancer"
    word = "LoadBalancer"
    computed = ("arn", "arnSuffix", "dnsName", "vpcId", "zoneId")

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {
            "Scheme": "internal" if inputs.get("internal") else "internet-facing",
            "Type": inputs.get("loadBalancerType", "application"),
            **chosen(inputs, ("name", "securityGroups", "subnets")),
        }

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "arnSuffix": answer["LoadBalancerArn"].partition("loadbalancer/")[2],
            "dnsName": answer["DNSName"],
            "vpcId": answer["VpcId"],
            "zoneId": answer["CanonicalHostedZoneId"],
            "name": answer["LoadBalancerName"],
            "internal": answer["Scheme"] == "internal",
            "subnets": [zone["SubnetId"] for zone in answer["AvailabilityZones"]],
            **answered(answer, ("securityGroups",)),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().set_security_groups(LoadBalancerArn=resource_id, **chosen(new, ("securityGroups",)))
        self.client().set_subnets(LoadBalancerArn=resource_id, **chosen(new, ("subnets",)))
        self._set(resource_id, new)
        self._retag(resource_id, old, new)

    def _set(self, arn: str, inputs: Inputs) -> None:
        values = {key: inputs[word] for word, key in SETTINGS.items() if word in inputs}
        attributes = [{"Key": key, "Value": str(value).lower()} for key, value in values.items()]
        if attributes:
            self.client().modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes)


class TargetGroup(_WithArn):
    """aws.lb.TargetGroup, of functions"""

    pulumi_type = "aws:lb/targetGroup:TargetGroup"
    word = "TargetGroup"
    computed = ("arn", "arnSuffix")

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        name = inputs.get("name") or f"{inputs['namePrefix']}{self.account.unique('')[1:10]}"
        return {"Name": name, "TargetType": inputs["targetType"]}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        suffix = answer["TargetGroupArn"].partition(":targetgroup/")[2]
        return {"arnSuffix": suffix, "name": answer["TargetGroupName"], "targetType": answer["TargetType"]}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self._set(resource_id, new)
        self._retag(resource_id, old, new)

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


class Listener(_WithArn):
    """aws.lb.Listener"""

    pulumi_type = "aws:lb/listener:Listener"
    word = "Listener"
    computed = ("arn",)

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        return {"LoadBalancerArn": inputs["loadBalancerArn"], **_listener(inputs)}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "loadBalancerArn": answer["LoadBalancerArn"],
            **answered(answer, ("port", "protocol", "sslPolicy")),
            **({"certificateArn": answer["Certificates"][0]["CertificateArn"]} if answer.get("Certificates") else {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().modify_listener(ListenerArn=resource_id, **_listener(new))
        self._retag(resource_id, old, new)


class ListenerRule(_WithArn):
    """aws.lb.ListenerRule, by paths. Without a priority it comes after all others, as the provider has it."""

    pulumi_type = "aws:lb/listenerRule:ListenerRule"
    word = "Rule"
    computed = ("arn", "priority")

    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        listener = inputs["listenerArn"]
        return {"ListenerArn": listener, "Priority": inputs.get("priority") or self._next(listener), **_rule(inputs)}

    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"priority": int(answer["Priority"])}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.client().modify_rule(RuleArn=resource_id, **_rule(new))
        self._retag(resource_id, old, new)

    def _next(self, listener: str) -> int:
        rules = self.client().describe_rules(ListenerArn=listener)["Rules"]
        return max((int(rule["Priority"]) for rule in rules if rule["Priority"] != "default"), default=0) + 1


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
