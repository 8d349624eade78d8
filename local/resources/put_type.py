"""PutType: a type whose resources AWS creates and updates with the same call."""

from abc import abstractmethod

from local.resources.resource_type import Inputs, ResourceType


class PutType(ResourceType):
    """A subclass says the call. The properties that name a resource replace it, so that its id stays the same."""

    @abstractmethod
    def put(self, inputs: Inputs) -> str:
        """Create or update the resource with these inputs; its id."""

    def make(self, inputs: Inputs) -> str:
        return self.put(inputs)

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        self.put(new)
