"""Keeps TensorFlow's output off the terminal."""

import contextlib
import importlib
import os
import sys
import tempfile
from collections.abc import Generator
from typing import Any


def silence_libraries() -> None:
    """Make TensorFlow and Keras start without notices. Call it before importing either."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_DEPRECATION_WARNINGS", "0")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def import_quietly(module: str) -> Any:
    """Import a module of ours that imports TensorFlow or Keras, whose libraries print before anything can stop them."""
    silence_libraries()
    with captured_output():
        return importlib.import_module(module)


@contextlib.contextmanager
def captured_output() -> Generator[None]:
    """Capture standard output and standard error inside the block, including what native code writes.

    An exception that leaves the block has the last 4,000 bytes as a note.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield
        except BaseException as error:
            sink.seek(max(0, sink.tell() - 4000))
            error.add_note(sink.read().decode(errors="replace"))
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in enumerate(kept, start=1):
                os.dup2(copy, descriptor)
                os.close(copy)
