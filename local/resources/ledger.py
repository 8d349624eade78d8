"""Ledger: the account's resources of the services that the emulator does not have, kept in memory."""

import threading
from collections.abc import Mapping
from typing import Any


class Ledger:
    """Properties of resources, by type and id. What it hands out are copies."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def put(self, pulumi_type: str, resource_id: str, properties: Mapping[str, Any]) -> None:
        """Keep a resource's properties, in place of older ones."""
        with self._lock:
            self._entries.setdefault(pulumi_type, {})[resource_id] = dict(properties)

    def get(self, pulumi_type: str, resource_id: str) -> dict[str, Any] | None:
        """A resource's properties; None where there is none."""
        with self._lock:
            found = self._entries.get(pulumi_type, {}).get(resource_id)
            return None if found is None else dict(found)

    def all(self, pulumi_type: str) -> dict[str, dict[str, Any]]:
        """All resources of a type, by id."""
        with self._lock:
            return {
                resource_id: dict(properties) for resource_id, properties in self._entries.get(pulumi_type, {}).items()
            }

    def drop(self, pulumi_type: str, resource_id: str) -> None:
        """Forget a resource; one that is gone already is no error."""
        with self._lock:
            self._entries.get(pulumi_type, {}).pop(resource_id, None)
