"""Whether a function can load a version, in words."""

from handlers.contract import LARGEST_FUNCTION_MIB
from handlers.manifest import Manifest
from handlers.serving.footprint import least_function_mib


def memory_note(manifest: Manifest) -> str:
    """What a function needs to load the version, or that none can."""
    least = least_function_mib(manifest.artifacts)
    if least <= LARGEST_FUNCTION_MIB:
        return f"needs a function of {least:,} MiB or more (memoryMib)"
    return (
        f"NO FUNCTION CAN LOAD IT: it needs {least:,} MiB, and Lambda gives {LARGEST_FUNCTION_MIB:,} at most. Make its "
        "weights smaller, or divide the model"
    )
