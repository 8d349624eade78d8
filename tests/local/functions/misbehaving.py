"""Does what the event asks for: raise, exit, hang, eat memory, answer too much, start a child."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


def handler(event, context):
    match event:
        case {"raise": message}:
            raise ValueError(message)
        case {"exit": status}:
            os._exit(status)
        case {"die": True}:
            os.kill(os.getpid(), signal.SIGKILL)
        case {"hang": True}:
            threading.Event().wait()
        case {"eat_mib": mib}:
            block = bytearray(mib * 2**20)
            for page in range(0, len(block), 4096):
                block[page] = 1
            threading.Event().wait()
        case {"answer_bytes": size}:
            return "x" * (size - 2)
        case {"child": True}:
            child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
            return {"pid": os.getpid(), "child": child.pid}
        case {"rendezvous": directory, "parties": parties}:
            return _rendezvous(directory, parties)
    return {"pid": os.getpid()}


def _rendezvous(directory, parties):
    """Return only when as many invocations as `parties` run at the same time."""
    (Path(directory) / str(os.getpid())).touch()
    while len(list(Path(directory).iterdir())) < parties:
        threading.Event().wait(0.01)
    return {"pid": os.getpid()}
