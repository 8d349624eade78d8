"""Extras: clients of others, which are installed by those who need them."""

import importlib
from typing import Any

from models.origins.errors import OriginError


def extra(module: str, *, requirement: str, where: str) -> Any:
    """Import the client that an origin needs.

    Args:
        module: what to import.
        requirement: the package and its version, as `pip` takes it. A group of pyproject.toml has it, too.
        where: the origin, for the error.

    Raises OriginError if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise OriginError(
            f"{where} needs a package that is not installed ({error.name}): .venv/bin/pip install {requirement}"
        ) from None
