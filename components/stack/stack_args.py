"""StackArgs: what a stack is made from."""

from dataclasses import dataclass, field
from pathlib import Path

from components.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class StackArgs:
    settings: Settings
    """Valid as a whole, with the packaged models to serve."""
    project: Path = field(default_factory=Path)
    """The directory that the image is built from."""
    environment: str = "dev"
    """The Pulumi stack's name: it sets this stack's own apart from that of another."""

    def __post_init__(self) -> None:
        if not self.settings.packaged:
            raise ValueError("settings.packaged is empty; a stack serves at least one packaged model")
