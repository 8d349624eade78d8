"""CodeDeploy, which the emulator does not have: `not_emulated` says what that means."""

from collections.abc import Mapping
from typing import Any

from local.resources.kept import KeptType
from local.resources.refusals import refused
from local.resources.resource_type import Inputs


class Application(KeptType):
    """aws.codedeploy.Application"""

    pulumi_type = "aws:codedeploy/application:Application"
    computed = ("applicationId", "arn")

    def identify(self, inputs: Inputs) -> str:
        return inputs["name"]

    def refuse(self, resource_id: str, inputs: Inputs) -> None:
        if self.account.ledger.get(self.pulumi_type, resource_id) is not None:
            message = f"Application already exists: {resource_id}"
            raise refused("CreateApplication", "ApplicationAlreadyExistsException", message)

    def added(self, resource_id: str, inputs: Inputs) -> Mapping[str, Any]:
        return {"applicationId": resource_id, "arn": self.arn(f"application:{resource_id}")}

    def remove(self, resource_id: str, known: Inputs) -> None:
        """AWS deletes an application's groups with it."""
        for group, kept in self.account.ledger.all(DeploymentGroup.pulumi_type).items():
            if kept["appName"] == known["name"]:
                self.account.ledger.drop(DeploymentGroup.pulumi_type, group)
        super().remove(resource_id, known)


class DeploymentGroup(KeptType):
    """aws.codedeploy.DeploymentGroup"""

    pulumi_type = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    computed = ("arn", "deploymentGroupId")

    def identify(self, inputs: Inputs) -> str:
        return f"{inputs['appName']}/{inputs['deploymentGroupName']}"

    def refuse(self, resource_id: str, inputs: Inputs) -> None:
        if not any(kept["name"] == inputs["appName"] for kept in self.kept(Application)):
            message = f"No application found for name: {inputs['appName']}"
            raise refused("CreateDeploymentGroup", "ApplicationDoesNotExistException", message)
        if self.account.ledger.get(self.pulumi_type, resource_id) is not None:
            message = f"Deployment group name already exists: {inputs['deploymentGroupName']}"
            raise refused("CreateDeploymentGroup", "DeploymentGroupAlreadyExistsException", message)

    def added(self, resource_id: str, inputs: Inputs) -> Mapping[str, Any]:
        return {"arn": self.arn(f"deploymentgroup:{resource_id}"), "deploymentGroupId": resource_id}


TYPES = (Application, DeploymentGroup)
