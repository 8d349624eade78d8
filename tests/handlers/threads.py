"""Functions that run at once."""

import threading
from collections.abc import Callable, Iterable


def run_at_once(functions: Iterable[Callable[[], object]]) -> None:
    """Run each function in a thread of its own, and return when all have ended."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
