"""Application Auto Scaling, which the emulator does not have: `not_emulated` says what that means."""

import time
from collections.abc import Mapping
from typing import Any

from local.resources.kept import KeptType
from local.resources.refusals import refused
from local.resources.resource_type import Inputs

TARGET = ("serviceNamespace", "resourceId", "scalableDimension")
"""What says which target a policy or an action is about."""

CHANGE_SECONDS = 0.05
"""How long a change of a target takes."""


class Target(KeptType):
    """aws.appautoscaling.Target. Registering one that is there changes it, as on AWS."""

    pulumi_type = "aws:appautoscaling/target:Target"
    computed = ("arn",)

    def identify(self, inputs: Inputs) -> str:
        return inputs["resourceId"]

    def refuse(self, resource_id: str, inputs: Inputs) -> None:
        if inputs["minCapacity"] > inputs["maxCapacity"]:
            message = "Maximum capacity cannot be less than minimum capacity"
            raise refused("RegisterScalableTarget", "ValidationException", message)

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.refuse(resource_id, new)
        super().change(resource_id, old, new)

    def added(self, resource_id: str, inputs: Inputs) -> Mapping[str, Any]:
        return {"arn": self.arn(f"scalable-target/{resource_id}", "application-autoscaling")}

    def remove(self, resource_id: str, known: Inputs) -> None:
        """AWS deletes a target's policies and actions with it."""
        for dependent in (Policy, ScheduledAction):
            for other, kept in self.account.ledger.all(dependent.pulumi_type).items():
                if all(kept[key] == known[key] for key in TARGET):
                    self.account.ledger.drop(dependent.pulumi_type, other)
        super().remove(resource_id, known)


class _OfTarget(KeptType):
    """What a target has."""

    computed = ("arn",)
    kind = ""
    operation = ""
    takes_time = True

    def make(self, inputs: Inputs) -> str:
        """A change of a target takes its time, and AWS takes no other one meanwhile."""
        with self.account.changing(f"target {inputs['resourceId']}") as is_free:
            if not is_free:
                message = "There is already a pending update to a scalable target. Please retry later."
                raise refused(self.operation, "ConcurrentUpdateException", message)
            time.sleep(CHANGE_SECONDS)
            return super().make(inputs)

    def identify(self, inputs: Inputs) -> str:
        return inputs["name"]

    def refuse(self, resource_id: str, inputs: Inputs) -> None:
        if not any(all(kept[key] == inputs[key] for key in TARGET) for kept in self.kept(Target)):
            namespace, resource, dimension = (inputs[key] for key in TARGET)
            message = (
                f"No scalable target registered for service namespace: {namespace}, resource ID: {resource}, "
                f"scalable dimension: {dimension}"
            )
            raise refused(self.operation, "ObjectNotFoundException", message)

    def added(self, resource_id: str, inputs: Inputs) -> Mapping[str, Any]:
        return {"arn": self.arn(f"{self.kind}:{resource_id}", "autoscaling")}


class Policy(_OfTarget):
    """aws.appautoscaling.Policy"""

    pulumi_type = "aws:appautoscaling/policy:Policy"
    kind = "scalingPolicy"
    operation = "PutScalingPolicy"


class ScheduledAction(_OfTarget):
    """aws.appautoscaling.ScheduledAction"""

    pulumi_type = "aws:appautoscaling/scheduledAction:ScheduledAction"
    kind = "scheduledAction"
    operation = "PutScheduledAction"


TYPES = (Target, Policy, ScheduledAction)
