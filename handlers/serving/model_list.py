"""Which names are models."""

from collections.abc import Collection

from handlers.serving.errors import MissingModel, UnknownModel
from handlers.serving.telemetry import write_event


class ModelList:
    """Decides which names the store is asked for: those that the function was given. Safe to use from several threads.

    Args:
        given: the names.
        listed: the names that callers are told; by default those that are given.
    """

    def __init__(self, given: Collection[str], listed: Collection[str] = ()) -> None:
        self.given, self._told = given, listed or given

    def names(self) -> Collection[str]:
        """The models that callers are told. Raises ModelUnavailable if they cannot be listed."""
        return self._told

    def admit(self, model: str) -> None:
        """Return if the store may be asked for a model that it was not found to have so far.

        Raises UnknownModel if there is no such model, or ModelUnavailable if that cannot be found out now.
        """
        if model not in self.given:
            raise UnknownModel(model)

    def absent(self, model: str, reason: str) -> UnknownModel:
        """Note that the store was asked and does not have the model; returns the error to answer with."""
        write_event("ERROR", "model not published", model=model, reason=reason)
        return MissingModel(model)

    def unreadable(self) -> None:
        """Note that the store was asked for an admitted model and could not be read."""

    def list_again(self) -> None:
        """Forget what the store listed."""
