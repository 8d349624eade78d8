"""Turns garbage collection off where lists become tensors, and tensors lists."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def uncollected(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, without garbage collections while it runs.

    What JSON becomes has no cycles, so a collection finds nothing. But the many lists of a large body start a
    collection again and again, and each visits all of them: a third of the time of a body of 6 MB.
    """

    @wraps(function)
    def without_collections(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return without_collections
