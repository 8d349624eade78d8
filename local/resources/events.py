"""EventBridge: rules with a schedule, and what they call. Their types' tokens name CloudWatch."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.resources.put_type import PutType
from local.resources.refusals import refused
from local.resources.resource_type import Inputs, says_gone
from local.resources.words import answered, capital, chosen, tag_changes, tag_list, tags_of


class EventRule(PutType):
    """aws.cloudwatch.EventRule"""

    pulumi_type = "aws:cloudwatch/eventRule:EventRule"
    computed = ("arn",)

    TOLD = ("description", "eventPattern", "name", "scheduleExpression")

    def put(self, inputs: Inputs) -> str:
        self.client("events").put_rule(**chosen(inputs, self.TOLD), Tags=tag_list(inputs))
        return inputs["name"]

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        super().change(resource_id, old, new)
        gone, given = tag_changes(old, new)
        if gone:
            self.client("events").untag_resource(ResourceARN=old["arn"], TagKeys=gone)
        if given:
            self.client("events").tag_resource(ResourceARN=old["arn"], Tags=tag_list({"tags": given}))

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client("events").describe_rule(Name=resource_id)
        tags = self.client("events").list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
        told = {key: value for key, value in answered(found, self.TOLD).items() if value}
        return {"arn": found["Arn"], **told, "tags": tags_of(tags)}

    def remove(self, resource_id: str, known: Inputs) -> None:
        if targets_of(self.client("events"), resource_id):
            raise refused("DeleteRule", "ValidationException", "Rule can't be deleted since it has targets.")
        self.client("events").delete_rule(Name=resource_id)


class EventTarget(PutType):
    """aws.cloudwatch.EventTarget. Its id is a text of this class's own."""

    pulumi_type = "aws:cloudwatch/eventTarget:EventTarget"

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        if "targetId" not in inputs:
            raise ValueError("the local stack makes no id for a target; give it a targetId")
        return dict(inputs)

    def put(self, inputs: Inputs) -> str:
        target = {"Id": inputs["targetId"], **{capital(key): inputs[key] for key in ("arn", "input") if key in inputs}}
        answer = self.client("events").put_targets(Rule=inputs["rule"], Targets=[target])
        if failed := answer.get("FailedEntries"):
            raise refused("PutTargets", failed[0]["ErrorCode"], failed[0]["ErrorMessage"])
        return f"{inputs['rule']}-{inputs['targetId']}"

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        found = [each for each in targets_of(self.client("events"), known["rule"]) if each["Id"] == known["targetId"]]
        return {key: found[0][capital(key)] for key in ("arn", "input") if key in known} if found else None

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client("events").remove_targets(Rule=known["rule"], Ids=[known["targetId"]])


def targets_of(events: Any, rule: str) -> list[dict[str, Any]]:
    """What a rule calls; nothing where there is no such rule. `events` is boto3's client of EventBridge."""
    try:
        return events.list_targets_by_rule(Rule=rule)["Targets"]
    except ClientError as error:
        if says_gone(error):
            return []
        raise


TYPES = (EventRule, EventTarget)
