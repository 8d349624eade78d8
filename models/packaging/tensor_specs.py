"""Reads the inputs or outputs of a signature, whatever describes them."""

from collections.abc import Callable, Mapping
from typing import Any

from handlers.manifest import DTYPES, TensorSpec
from models.packaging.errors import PackagingError


def read_specs(
    signature: str, described: Mapping[str, Any], read: Callable[[str, Any], TensorSpec]
) -> Mapping[str, TensorSpec]:
    """The specs by public name, in the order of the names.

    Args:
        signature: the signature's name, for messages.
        described: what describes each input or output, by public name.
        read: turns a name for messages and a description into a spec. May raise PackagingError.
    """
    return {name: read(f"{signature}.{name}", described[name]) for name in sorted(described)}


def supported_dtype(where: str, dtype: str) -> str:
    """The element type. Raises PackagingError if no engine has it."""
    if dtype not in DTYPES:
        raise PackagingError(f"{where} has the dtype {dtype}; allowed are {', '.join(sorted(DTYPES))}")
    return dtype
