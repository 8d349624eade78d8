"""An S3 that models are fetched from."""

from tests.handlers.conftest import s3

__all__ = ["s3"]
