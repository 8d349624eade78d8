"""What code can import in a function's image, besides its own packages and Python's."""

import re
from importlib.metadata import packages_distributions

from models.places import PROJECT

LOCK = PROJECT / "handlers" / "requirements" / "litert.txt"
"""What every image holds."""


def canonical(name: str) -> str:
    """A package's name, as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def image_packages() -> frozenset[str]:
    """The packages of every image, by their canonical names."""
    return frozenset(map(canonical, re.findall(r"^([\w.-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)))


def modules_not_in_the_image() -> frozenset[str]:
    """The modules that this environment has and an image lacks."""
    held = image_packages()
    return frozenset(
        module
        for module, distributions in packages_distributions().items()
        if held.isdisjoint(map(canonical, distributions))
    )
