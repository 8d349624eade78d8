"""Which names are models."""

from collections.abc import Collection

from handlers.serving.errors import MissingModel, UnknownModel
from handlers.serving.telemetry import write_event


class ModelList:
    """Decides which names the store is asked for: those that the function was given. Safe to use from several threads.

    Args:
        given: the names.
        listed: the names that callers are told; by default those that are given.
        awaited: whether they may be published later, so that it is no failure if one is not there.
    """

    def __init__(self, given: Collection[str], listed: Collection[str] = (), *, awaited: bool = False) -> None:
        self.given, self._told, self._awaited = given, listed or given, awaited

    def names(self) -> Collection[str]:
        """The models. Raises ModelUnavailable if they cannot be listed."""
        return self.given

    def names_for_callers(self) -> Collection[str]:
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
        write_event("INFO" if self._awaited else "ERROR", "model not published", model=model, reason=reason)
        return UnknownModel(model, "it is not published yet") if self._awaited else MissingModel(model)

    def unreadable(self) -> None:
        """Note that the store was asked for an admitted model and could not be read."""

    def list_again(self) -> None:
        """Forget what the store listed."""
