"""`kaggle:OWNER/MODEL/FRAMEWORK/VARIATION/VERSION`: a model of Kaggle."""

import re
from pathlib import Path

from models.origins.errors import OriginError, explained
from models.origins.extras import extra
from models.progress import Say
from models.quiet import captured_output

REQUIREMENT = "kagglehub==1.0.3"
HANDLE = re.compile(r"[\w.-]+/[\w.-]+/[\w.-]+/[\w.-]+(?:/\d+)?")


def fetch(address: str, directory: Path, say: Say) -> None:
    """Bring a model's files into a directory. Raises OriginError."""
    handle = address.partition(":")[2]
    if not HANDLE.fullmatch(handle):
        raise OriginError(f"{address} is no handle; write kaggle:OWNER/MODEL/FRAMEWORK/VARIATION/VERSION")
    with captured_output():
        kagglehub = extra("kagglehub", requirement=REQUIREMENT, where=address)
    say("downloading from Kaggle")
    with explained(address), captured_output():
        kagglehub.model_download(handle, output_dir=str(directory))
