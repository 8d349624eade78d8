"""Log groups of ministack that may be described while functions write to them.

ministack starts a stream for each invocation, and goes through all streams of a group to describe it. Each does so in a
thread of its own.
"""

from typing import Any

from ministack.core.responses import AccountRegionScopedDict


class Streams(dict[str, Any]):
    """The streams of a log group, by name. Going through them shows those that are there when it begins."""

    def values(self) -> Any:
        return list(super().values())

    def items(self) -> Any:
        return list(super().items())


class LogGroups(AccountRegionScopedDict):
    """The log groups of the emulated AWS, by name."""

    def __setitem__(self, key: str, value: dict[str, Any]) -> None:
        super().__setitem__(key, {**value, "streams": Streams(value["streams"])})
