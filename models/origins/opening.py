"""Opens a model wherever it is kept."""

import re
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from models.origins import hugging_face, kaggle, mlflow, s3
from models.origins.archive import extract, is_archive
from models.origins.errors import OriginError
from models.origins.locating import locate
from models.packaging.errors import PackagingError
from models.progress import Say


class Origin(NamedTuple):
    """A place where models are kept."""

    fetch: Callable[[str, Path, Say], None]
    """Brings what an address names into an empty directory. Raises OriginError."""
    form: str
    """How an address is written."""


class Opened(NamedTuple):
    """A model on this machine's disk."""

    model: Path
    """A SavedModel directory, or a model file."""
    beside: Path
    """What came with it: the directory of everything that was fetched, or that the model is in."""


ORIGINS: Mapping[str, Origin] = {
    "s3": Origin(s3.fetch, "s3://BUCKET/KEY (a model.tar.gz, a file or a directory)"),
    "mlflow": Origin(mlflow.fetch, "mlflow:models:/NAME@ALIAS"),
    "hf": Origin(hugging_face.fetch, "hf:OWNER/NAME@REVISION"),
    "kaggle": Origin(kaggle.fetch, "kaggle:OWNER/MODEL/FRAMEWORK/VARIATION/VERSION"),
}
"""By what an address begins with, before the colon. Anything else is a path."""

SCHEME = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9+.-]+):")


@contextmanager
def opened(where: str, say: Say) -> Generator[Opened]:
    """Inside the block, the model that an address leads to.

    Args:
        where: a path, or an address of one of `ORIGINS`. Where several models are, '#' and a path inside name one.
        say: reports progress.

    Raises OriginError. Errors of packaging inside the block name the address, not the directory where it is now.
    """
    address, _, inside = where.partition("#")
    scheme = SCHEME.match(address)
    if scheme is not None and scheme["name"] not in ORIGINS and not Path(where).exists():
        forms = ", ".join(origin.form for origin in ORIGINS.values())
        raise OriginError(f"{where} is no place of models; allowed are a path, {forms}")
    origin = ORIGINS.get(scheme["name"]) if scheme else None
    if origin is None and not is_archive(address):
        yield Opened(Path(where), Path(where).parent)
        return
    with tempfile.TemporaryDirectory(prefix="origin-") as name:
        directory = Path(name) / "model"
        directory.mkdir()
        try:
            if origin is None:
                _extract(Path(address), directory)
            else:
                origin.fetch(address, directory, say)
            yield Opened(locate(directory, inside), directory)
        except PackagingError as error:
            if name not in str(error):
                raise
            raise PackagingError(str(error).replace(str(directory), address)) from error


def _extract(archive: Path, directory: Path) -> None:
    if not archive.is_file():
        raise OriginError(f"{archive} does not exist")
    extract(archive, directory, str(archive))
