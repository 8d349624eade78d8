"""OriginError, and the errors of other libraries as one."""

from collections.abc import Generator
from contextlib import contextmanager

from models.packaging.errors import PackagingError, reason_of


class OriginError(PackagingError):
    """A model cannot be brought from where it is kept; the message says why and what to do."""


@contextmanager
def explained(where: str) -> Generator[None]:
    """Raise whatever a client of others raises inside the block as an OriginError that names the origin."""
    try:
        yield
    except PackagingError:
        raise
    except Exception as error:  # each client has errors of its own, and some raise those of what they use
        raise OriginError(f"{where} cannot be fetched: {reason_of(error)}") from error
