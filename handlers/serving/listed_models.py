"""The models of a function that was given none: whatever its store lists."""

import threading
from collections.abc import Callable, Collection

from handlers.checked_json import ManifestError
from handlers.contract import MODEL_NAME
from handlers.serving.errors import ModelUnavailable, UnknownModel
from handlers.serving.model_list import ModelList
from handlers.serving.stores import Store, StoreError
from handlers.serving.telemetry import write_event

LIST_SECONDS = 5.0
"""How old a list may be. A model that is published answers at most this long afterwards."""

FAILURE_SECONDS = 1.0
"""How long no unknown name is looked up after a look-up failed."""


class ListedModels(ModelList):
    """The models that the store lists.

    A caller may ask for any name, so names alone must cost nothing. The first unknown name is looked up, because it is
    most likely a model that this environment has not served yet. If it is none, the store is asked for its list, and
    for as long as that is fresh, only names in the list are looked up.

    Args:
        store: what lists the models.
        clock: returns seconds that never decrease.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        super().__init__(())
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._listed: frozenset[str] | None = None
        """What the store last listed; None if it could not be listed."""
        self._listed_at = float("-inf")
        self._absent: set[str] = set()
        """Those of the listed names that turned out to have no pointer."""

    def names(self) -> Collection[str]:
        """See `ModelList`."""
        with self._lock:
            if not self._is_fresh():
                self._list()
            if self._listed is None:
                raise ModelUnavailable("The models cannot be listed now; try again")
            return self._listed

    def names_for_callers(self) -> Collection[str]:
        """See `ModelList`."""
        return self.names()

    def admit(self, model: str) -> None:
        """See `ModelList`."""
        if not MODEL_NAME.fullmatch(model):
            raise UnknownModel(model)
        with self._lock:
            if not self._is_fresh():
                return
            if self._listed is None:
                raise ModelUnavailable(f"Model {model!r} could not be looked up; try again")
            if model not in self._listed or model in self._absent:
                raise self._unknown(model)

    def absent(self, model: str, reason: str) -> UnknownModel:
        """See `ModelList`."""
        with self._lock:
            if not self._is_fresh():
                self._list()
            self._absent.add(model)
            return self._unknown(model)

    def unreadable(self) -> None:
        """See `ModelList`."""
        with self._lock:
            if not self._is_fresh():
                self._listed, self._listed_at = None, self._clock() - LIST_SECONDS + FAILURE_SECONDS

    def list_again(self) -> None:
        """See `ModelList`."""
        with self._lock:
            self._listed_at = float("-inf")

    def _is_fresh(self) -> bool:
        return self._clock() - self._listed_at < LIST_SECONDS

    def _list(self) -> None:
        try:
            self._listed = self._store.names()
        except (StoreError, ManifestError) as error:
            self._listed = None
            write_event("ERROR", "models not listed", reason=str(error))
        self._absent.clear()
        self._listed_at = self._clock()

    def _unknown(self, model: str) -> UnknownModel:
        return UnknownModel(model, "no model is published yet" if self._listed == frozenset() else "")
