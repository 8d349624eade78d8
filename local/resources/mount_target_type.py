"""MountTargetType: a mount target of EFS or of S3 Files, which has a network interface as long as it exists."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from local.resources.refusals import files as refusals
from local.resources.resource_type import Inputs, ResourceType


class MountTargetType(ResourceType):
    """A subclass says the service's calls."""

    file_service: ClassVar[str]
    """`efs` or `s3files`; the token of a type of S3 Files names S3."""

    @abstractmethod
    def create_target(self, file_system: str, subnet: str, groups: Sequence[str]) -> str:
        """Create it; its id."""

    @abstractmethod
    def set_groups(self, resource_id: str, groups: Sequence[str]) -> None:
        """Give it these security groups in place of its own."""

    @abstractmethod
    def delete_target(self, resource_id: str) -> None:
        """Delete it."""

    def make(self, inputs: Inputs) -> str:
        file_system, subnet, groups = inputs["fileSystemId"], inputs["subnetId"], inputs.get("securityGroups", [])
        refusals.of_mount_target(self.account, self.file_service, file_system, subnet)
        resource_id = self.create_target(file_system, subnet, groups)
        self.account.interfaces.own(resource_id, [subnet], groups)
        self.account.file_systems.name(file_system)
        return resource_id

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        groups = new.get("securityGroups", [])
        self.set_groups(resource_id, groups)
        self.account.interfaces.own(resource_id, [new["subnetId"]], groups)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.delete_target(resource_id)
        self.account.interfaces.disown(resource_id)
