"""StackArgs: what a stack is made from."""

from dataclasses import dataclass
from pathlib import Path

from components.settings.settings import Settings
from components.stack.deployment_record import Compare


@dataclass(frozen=True, kw_only=True)
class StackArgs:
    settings: Settings
    """Valid as a whole, with the packaged models to seed."""
    directory: Path
    """The project's directory; the image is built from it."""
    project_name: str
    compare: Compare
    """Compares what is deployed with what shall be."""

    def __post_init__(self) -> None:
        if self.settings.seed_models and not self.settings.packaged:
            raise ValueError("settings.packaged is empty; a stack that is seeded has at least one packaged model")
