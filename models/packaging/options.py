"""PackageOptions: how to package a model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from handlers.contract import MODEL_NAME
from handlers.manifest import ArtifactForm
from models.packaging.errors import PackagingError
from models.packaging.forms import PREFERENCE

Preference = Literal["cold", "warm", "memory", "size"]
"""What to save when several engines answer alike. `models.packaging.choice` has the rules."""


@dataclass(frozen=True, kw_only=True)
class PackageOptions:
    """How to package a model. Raises PackagingError if a value is out of range."""

    name: str
    version: int | None = None
    """The version's number; None for the next one."""
    forms: Sequence[ArtifactForm] = PREFERENCE
    """The forms to try."""
    prefer: Preference | None = None
    """What to save; None weighs cold starts, warm calls and memory together."""
    samples: Path | None = None
    """A file or directory with real inputs, see `sample_files`; None for generated inputs."""
    tolerance: float | None = None
    """The largest error of floating-point outputs, as a share of their scale; None for the defaults by type."""
    strict: bool = False
    """Whether an engine loses that differs from TensorFlow on numbers that are not finite."""
    allowed_operations: Sequence[str] = field(default_factory=tuple[str, ...])
    """Dangerous operations that the model may contain."""
    imports: Sequence[str] = field(default_factory=tuple[str, ...])
    """Python modules that define the classes of a Keras file which are not Keras's own."""
    code: Path | None = None
    """`inference.py`, or a directory that holds it, which runs before and after the model."""
    requests: Path | None = None
    """A directory of requests that the code is tried on, see `models.packaging.code.trial`."""
    make_current: bool = False
    """Whether this version answers from now on, in place of the version that answers today."""

    def __post_init__(self) -> None:
        """Raises PackagingError."""
        if not MODEL_NAME.fullmatch(self.name):
            raise PackagingError(
                f"{self.name!r} cannot be a model's name: it is part of paths and routes, so it starts with a letter "
                "or digit and has at most 63 letters, digits, hyphens and underscores"
            )
        if self.version is not None and self.version < 1:
            raise PackagingError(f"{self.version} cannot be a version; a version is an integer from 1 up")
        if self.tolerance is not None and not 0 <= self.tolerance < 1:
            raise PackagingError(f"{self.tolerance} cannot be a tolerance; it is a share of the output's scale, 0 to 1")
        if (self.code is None) != (self.requests is None):
            raise PackagingError("code is tried on requests: give --code and --requests together")
