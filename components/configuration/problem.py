"""Problem: one mistake of a configuration, or one piece of advice. Imports no Pulumi."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong with the values of some settings."""

    keys: tuple[str, ...]
    message: str
    """What is wrong, what is allowed and what to do."""

    def __str__(self) -> str:
        return f"{', '.join(self.keys)}: {self.message}"
