"""WordedType: a type whose calls have one word in their names."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore import xform_name

from local.resources.resource_type import Inputs, ResourceType


class WordedType(ResourceType):
    """A subclass says the word, and how the arguments and the answers of its calls read."""

    word: ClassVar[str]
    """Such as `BucketPolicy`, as in `PutBucketPolicy`, `GetBucketPolicy` and `DeleteBucketPolicy`."""

    @abstractmethod
    def arguments(self, inputs: Inputs) -> dict[str, Any]:
        """Of the call that makes or sets it, but for those that all types of the service have in common."""

    @abstractmethod
    def told(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """The properties that an answer has, but for those that all types of the service have in common."""

    def call(self, action: str, **arguments: Any) -> Any:
        """Do a call by its name in the API, such as `PutBucketPolicy`."""
        return getattr(self.client(), xform_name(action))(**arguments)
