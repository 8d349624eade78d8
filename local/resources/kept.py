"""KeptType: a type of a service that the emulator does not have. Its resources are kept in the account's ledger."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from local.resources.resource_type import Inputs, ResourceType


class KeptType(ResourceType):
    """A subclass says a resource's id, what AWS adds to it, and what AWS refuses."""

    @abstractmethod
    def identify(self, inputs: Inputs) -> str:
        """The id of the resource with these inputs."""

    @abstractmethod
    def added(self, resource_id: str, inputs: Inputs) -> Mapping[str, Any]:
        """What AWS adds."""

    def refuse(self, resource_id: str, inputs: Inputs) -> None:
        """Raises botocore's ClientError where AWS would not have a resource made or changed so."""

    def make(self, inputs: Inputs) -> str:
        resource_id = self.identify(inputs)
        self.refuse(resource_id, inputs)
        self.account.ledger.put(self.pulumi_type, resource_id, inputs)
        return resource_id

    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        kept = self.account.ledger.get(self.pulumi_type, resource_id)
        return None if kept is None else {**kept, **self.added(resource_id, kept)}

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.account.ledger.put(self.pulumi_type, resource_id, new)

    def remove(self, resource_id: str, known: Inputs) -> None:
        self.account.ledger.drop(self.pulumi_type, resource_id)

    def kept(self, other: type[ResourceType]) -> list[Mapping[str, Any]]:
        """The properties of all resources of a type of the ledger."""
        return list(self.account.ledger.all(other.pulumi_type).values())
