"""Whether a function can load a version, and how large a batch it takes, in words."""

import sys
from collections.abc import Iterator
from math import prod

from handlers.contract import LARGEST_FUNCTION_MIB, MIB_PER_VCPU
from handlers.manifest import Manifest, Signature
from handlers.serving.footprint import ENGINE_BYTES, MIB, least_function_mib, room_for_models

MOST_ELEMENTS_OF_A_REQUEST = 6 << 20
"""Lambda takes requests of 6 MB, and no element is smaller than a byte."""


def memory_note(manifest: Manifest) -> str:
    """What a function needs to load the version, or that none can."""
    least = least_function_mib(manifest.artifacts)
    if least <= LARGEST_FUNCTION_MIB:
        return f"needs a function of {least:,} MiB or more (memoryMib)"
    return (
        f"NO FUNCTION CAN LOAD IT: it needs {least:,} MiB, and Lambda gives {LARGEST_FUNCTION_MIB:,} at most. Make its "
        "weights smaller, or divide the model"
    )


def call_notes(manifest: Manifest) -> Iterator[str]:
    """For each signature to which a request can be too large: what a row adds, and how many a function takes."""
    mib = max(least_function_mib(manifest.artifacts), MIB_PER_VCPU)
    for artifact in manifest.artifacts:
        room = room_for_models(mib * MIB) - ENGINE_BYTES[artifact.engine]
        for name, line in sorted(artifact.call_memory.items()):
            elements = _elements_of_a_row(manifest.signatures[name])
            unit, size = ("element", 1) if elements is None else ("row", elements)
            each = line.bytes_per_element * size
            most = int(max(room - line.base_bytes, 0) / each) if each else sys.maxsize
            if most * size < MOST_ELEMENTS_OF_A_REQUEST:
                yield f"{name}: {each / 1e6:.3g} MB a {unit}; a function of {mib:,} MiB takes {most:,} in one request"


def _elements_of_a_row(signature: Signature) -> int | None:
    """The elements that one more row adds to the inputs; None where that differs from request to request."""
    shapes = [spec.shape for spec in signature.inputs.values() if spec.is_batched]
    sizes = [None if shape is None or -1 in shape[1:] else prod(shape[1:]) for shape in shapes]
    return None if None in sizes else sum(size for size in sizes if size is not None)
