"""ResourceType: how one type of the program is created, read, updated and deleted in the emulated AWS."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.values import same

GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "Nonexistent", "404")
"""What the codes of AWS's errors contain that say that a thing does not exist."""

Inputs = Mapping[str, Any]
"""A resource's properties, by the provider's camelCase names."""

Call = Callable[[EmulatedAccount, dict[str, Any]], dict[str, Any]]
"""Answers a provider function, such as `getObject`."""


@dataclass(frozen=True)
class State:
    """A resource that exists."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """The inputs that hold, and what AWS adds to them."""


class AbsentError(Exception):
    """AWS answers with an empty list: what was asked for does not exist.

    That of a provider function has the provider's words.
    """


class ResourceType(ABC):
    """One type. A subclass says how its resources are made, found, changed and removed, in calls of AWS's API.

    It raises botocore's ClientError where AWS refuses: the emulator's own, or one of `local.resources.refusals` for a
    rule that the emulator does not have.
    """

    pulumi_type: ClassVar[str]
    """Such as `aws:s3/bucket:Bucket`."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that AWS adds: unknown until the resource exists, and there as soon as it does."""
    takes_time: ClassVar[bool] = False
    """Whether making one takes so long that others of its service must not wait for it."""

    def __init__(self, account: EmulatedAccount) -> None:
        self.account = account

    @property
    def service(self) -> str:
        """The service's name, by the type's token."""
        return self.pulumi_type.split(":")[1].split("/")[0]

    def client(self, service: str | None = None) -> Any:
        """The boto3 client of the type's service, or of another one."""
        return self.account.client(service or self.service)

    def prepared(self, inputs: Inputs) -> dict[str, Any]:
        """The inputs as the provider completes them before it compares them with the old ones."""
        return dict(inputs)

    @abstractmethod
    def make(self, inputs: Inputs) -> str:
        """Create a resource; its id."""

    @abstractmethod
    def look(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        """What AWS says of a resource: `computed`, and the inputs that it tells of. None, or AbsentError, where it does
        not exist.

        `known` are the resource's outputs so far, or its inputs when it has just been made. An import knows none.
        """

    def change(self, resource_id: str, old: Inputs, new: Inputs) -> None:
        """Update a resource in place. `old` are its outputs so far, `new` its inputs from now on."""
        raise NotImplementedError(f"{self.pulumi_type} has no property that is updated in place")

    @abstractmethod
    def remove(self, resource_id: str, known: Inputs) -> None:
        """Delete a resource. `known` are its outputs."""

    def create(self, inputs: Inputs) -> State:
        """Create a resource and read what AWS added to it."""
        if self.takes_time:
            resource_id = self.make(inputs)
        else:
            with self.account.alone_in(self.service):
                resource_id = self.make(inputs)
        return State(resource_id, self._outputs(resource_id, inputs))

    def read(self, resource_id: str, known: Inputs) -> State | None:
        """A resource as it is now; None where it is gone."""
        found = self._found(resource_id, known)
        return None if found is None else State(resource_id, merged(known, found))

    def update(self, resource_id: str, old: Inputs, new: Inputs) -> State:
        """Update a resource in place and read what AWS says of it."""
        self.change(resource_id, old, new)
        return State(resource_id, self._outputs(resource_id, new))

    def delete(self, resource_id: str, known: Inputs) -> None:
        """Delete a resource. One that does not exist any more is not an error."""
        try:
            if self.takes_time:
                self.remove(resource_id, known)
            else:
                with self.account.alone_in(self.service):
                    self.remove(resource_id, known)
        except ClientError as error:
            if not says_gone(error):
                raise

    def arn(self, resource: str, service: str | None = None) -> str:
        """An ARN in the account and region."""
        return f"arn:aws:{service or self.service}:{self.account.region}:{self.account.account_id}:{resource}"

    def _outputs(self, resource_id: str, inputs: Inputs) -> dict[str, Any]:
        found = self._found(resource_id, inputs)
        if found is None:
            raise RuntimeError(f"{self.pulumi_type} {resource_id} is not there although it has just been made")
        return merged(inputs, found)

    def _found(self, resource_id: str, known: Inputs) -> Mapping[str, Any] | None:
        try:
            return self.look(resource_id, known)
        except AbsentError:
            return None
        except ClientError as error:
            if says_gone(error):
                return None
            raise


def merged(known: Inputs, found: Mapping[str, Any]) -> dict[str, Any]:
    """What is known, with what AWS says where that differs. What it says in other words stays as it was."""
    changed = {key: value for key, value in found.items() if not same(known.get(key), value, key)}
    return {**known, **{key: value for key, value in found.items() if key not in known}, **changed}


def the_only(found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What AWS answers of the one resource that was asked for. Raises AbsentError if that is nothing."""
    if not found:
        raise AbsentError
    [resource] = found
    return resource


def says_gone(error: ClientError) -> bool:
    """Whether an error of AWS's says that the thing does not exist."""
    return any(word in code_of(error) for word in GONE)


def code_of(error: ClientError) -> str:
    """The code of an error of AWS's, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", ""))
