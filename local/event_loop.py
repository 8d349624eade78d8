"""The event loop that Pulumi's in-process monitor needs in every thread that calls it."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def event_loop() -> Generator[None]:
    """Give this thread an event loop inside the block, and close it afterwards.

    Pulumi's `MockMonitor` opens one in each thread that has none, and never closes it.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()
