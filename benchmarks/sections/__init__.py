"""Sections of the report, one module each: a section measures, and writes its part.

A further section is a module with the members of `Section`, and its name in `SECTION_MODULES`.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from benchmarks.figures import Figure

SECTION_MODULES = tuple(
    "handler_start cold_start warm_calls many_models fetch image_sizes container_start peers litert_ways "
    "convolutions checksums sizes growth load".split()
)
"""In the order of the report."""


class Section(Protocol):
    """What a section's module offers."""

    TITLE: str

    def measure(self, quick: bool) -> dict[str, Any]:
        """Measure. Returns JSON values. `quick` asks for a few rounds only, to show that the section works."""
        ...

    def figures(self, data: Mapping[str, Any]) -> Sequence[Figure]:
        """The figures with a target, from the result of `measure`."""
        ...

    def write(self, data: Mapping[str, Any], images: Path) -> str:
        """The section's text in Markdown, without the title. Writes its plots to the directory `images`."""
        ...


def section_names() -> tuple[str, ...]:
    """The sections as the command line names them."""
    return tuple(module.replace("_", "-") for module in SECTION_MODULES)


def load_section(name: str) -> Section:
    """A section by its name on the command line."""
    return cast("Section", import_module(f"benchmarks.sections.{name.replace('-', '_')}"))
