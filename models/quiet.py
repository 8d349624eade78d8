"""What TensorFlow says on the terminal, kept for when something fails."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator


def silence_libraries() -> None:
    """Have TensorFlow and Keras start without their notices. Call it before either is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_DEPRECATION_WARNINGS", "0")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


@contextlib.contextmanager
def captured_output() -> Generator[None]:
    """Keep what is written to standard output and standard error, native code included, off the terminal.

    An exception that leaves the block carries the last lines as a note.
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
