"""`hf:OWNER/NAME@REVISION`: a repository of Hugging Face."""

import os
import re
from pathlib import Path

from models.origins.errors import OriginError, explained
from models.origins.extras import extra
from models.progress import Say
from models.quiet import captured_output

REQUIREMENT = "huggingface-hub==2.4.0"
REPOSITORY = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^@#\s]+))?")

FILES = ("*saved_model.pb*", "*variables/*", "*assets/*", "*assets.extra/*", "*.keras", "*.h5", "*.hdf5", "*.tflite")
"""What can be part of a model that is packaged here. Repositories have the same weights for other frameworks, too."""


def fetch(address: str, directory: Path, say: Say) -> None:
    """Bring a repository's TensorFlow files into a directory. Raises OriginError."""
    found = REPOSITORY.fullmatch(address.partition(":")[2])
    if found is None:
        raise OriginError(f"{address} names no repository; write hf:OWNER/NAME or hf:OWNER/NAME@REVISION")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    hub = extra("huggingface_hub", requirement=REQUIREMENT, where=address)
    say("downloading from Hugging Face")
    with explained(address), captured_output():
        hub.snapshot_download(
            found["name"], revision=found["revision"], local_dir=str(directory), allow_patterns=list(FILES)
        )
