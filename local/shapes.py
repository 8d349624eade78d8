"""The shapes of a stack that `Pulumi.yaml` describes: what its functions serve, and where their models live."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations, product
from typing import Literal, NamedTuple, get_args

Mode = Literal["single", "multi"]
Storage = Literal["s3", "efs", "s3files", "image"]


class Shape(NamedTuple):
    """A storage and a mode."""

    storage: Storage
    mode: Mode

    def __str__(self) -> str:
        return f"{self.mode} {self.storage}"


SHAPES = tuple(Shape(storage, mode) for mode, storage in product(get_args(Mode), get_args(Storage)))
FIRST = Shape("s3", "multi")

Switch = tuple[Shape, Shape]


def every_switch() -> Sequence[Shape]:
    """A way through the shapes that takes each of the 56 switches once."""
    return circuit(permutations(SHAPES, 2))


def main_switches() -> Sequence[Shape]:
    """A way that takes s3 → efs → s3files → image → s3 in both modes, and multi → single → multi in each storage."""
    storages: Sequence[Storage] = get_args(Storage)
    following = dict(zip(storages, (*storages[1:], storages[0]), strict=True))
    switches: list[Switch] = []
    for shape in SHAPES:
        switches.append((shape, Shape(following[shape.storage], shape.mode)))
        switches.append((shape, Shape(shape.storage, "single" if shape.mode == "multi" else "multi")))
    return circuit(switches)


SAMPLE: Sequence[Shape] = (
    FIRST,
    Shape("efs", "single"),
    Shape("image", "single"),
    Shape("s3files", "multi"),
    Shape("efs", "multi"),
    Shape("s3", "single"),
    FIRST,
)
"""A way with every kind of switch: each storage is entered and left, with the mode and without."""


def circuit(switches: Iterable[Switch]) -> Sequence[Shape]:
    """A way from the first shape back to it that takes each of these switches once.

    By Hierholzer's algorithm. As many switches must lead to each shape as from it.
    """
    ahead: dict[Shape, list[Shape]] = defaultdict(list)
    for start, end in switches:
        ahead[start].append(end)
    way: list[Shape] = []
    path = [FIRST]
    while path:
        if ahead[path[-1]]:
            path.append(ahead[path[-1]].pop())
        else:
            way.append(path.pop())
    return way[::-1]
