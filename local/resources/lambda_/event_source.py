"""aws.lambda.EventSourceMapping, of an SQS queue."""

from collections.abc import Mapping
from typing import Any

from local.resources.refusals import lambda_ as refusals
from local.resources.resource_type import Inputs, ResourceType
from local.resources.words import camelized, capitalized, chosen, tag_changes

BATCH = 10
"""How many messages Lambda hands over at once where nothing is said."""


class EventSourceMapping(ResourceType):
    """The emulator polls the queue and calls the function: it deletes what succeeded, and leaves the rest to the
    queue's visibility timeout and redrive policy."""

    pulumi_type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    computed = ("arn", "functionArn", "lastModified", "state", "stateTransitionReason", "uuid")

    def make(self, inputs: Inputs) -> str:
        operation = "CreateEventSourceMapping"
        refusals.of_event_source(self.account, operation, inputs["eventSourceArn"], inputs["functionName"])
        settings = {"Tags": inputs.get("tags") or {}, "EventSourceArn": inputs["eventSourceArn"], **_settings(inputs)}
        return self.client().create_event_source_mapping(**settings)["UUID"]

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any]:
        found = self.client().get_event_source_mapping(UUID=resource_id)
        arn = self.arn(f"event-source-mapping:{resource_id}")
        scaling = camelized(found.get("ScalingConfig") or {})
        return {
            "arn": arn,
            "uuid": resource_id,
            "functionArn": found["FunctionArn"],
            "functionName": found["FunctionArn"],
            "eventSourceArn": found["EventSourceArn"],
            "batchSize": found["BatchSize"],
            "lastModified": str(found["LastModified"]),
            "state": found["State"],
            "stateTransitionReason": found["StateTransitionReason"],
            **({"functionResponseTypes": found["FunctionResponseTypes"]} if found["FunctionResponseTypes"] else {}),
            **({"scalingConfig": scaling} if scaling else {}),
            "tags": self.client().list_tags(Resource=arn).get("Tags", {}),
        }

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        refusals.of_event_source(self.account, "UpdateEventSourceMapping", new["eventSourceArn"], new["functionName"])
        self.client().update_event_source_mapping(UUID=resource_id, **_settings({"scalingConfig": {}, **new}))
        gone, given = tag_changes(old, new)
        if gone:
            self.client().untag_resource(Resource=str(old["arn"]), TagKeys=gone)
        if given:
            self.client().tag_resource(Resource=str(old["arn"]), Tags=given)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.client().delete_event_source_mapping(UUID=resource_id)


def _settings(inputs: Inputs) -> dict[str, Any]:
    whole = {"batchSize": BATCH, "functionResponseTypes": [], "enabled": True, **inputs}
    scaling = {"ScalingConfig": capitalized(whole["scalingConfig"])} if "scalingConfig" in whole else {}
    return {**chosen(whole, ("batchSize", "enabled", "functionName", "functionResponseTypes")), **scaling}
