"""Lambda entry point: keep a file system equal to the bucket that models are published to.

It runs once in each deployment, and when a manifest or a pointer in the bucket changes. It always compares all of its
models, so the next event makes up for a lost one.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from handlers import contract
from handlers.mirror.bucket import BucketRepository
from handlers.mirror.directory import ModelDirectory
from handlers.mirror.lock import exclusive
from handlers.mirror.model import ModelMirror


class SyncFailed(Exception):
    """Part of the bucket could not be copied. The message is the report, as JSON. The rest is copied."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer an S3 notification, or the call of a deployment, with the report. Raises SyncFailed."""
    store = urlsplit(os.environ[contract.MODEL_STORE_URI])
    models = contract.split_model_names(os.environ[contract.MODEL_NAMES])
    target = Path(os.environ.get(contract.MODEL_SYNC_TARGET, contract.MOUNT_PATH))
    # Without a route to S3, botocore's default of 60 seconds for each try would outlast the function.
    client = boto3.client("s3", config=Config(connect_timeout=5, retries={"mode": "standard", "total_max_attempts": 4}))
    return synchronize(BucketRepository(client, store.netloc, store.path.strip("/")), target, models)


def synchronize(source: BucketRepository, target: Path, models: Sequence[str]) -> dict[str, Any]:
    """Make a directory hold the same versions of these models as a bucket, while others read it.

    Args:
        source: the models as published.
        target: the root of the copied repository; created if missing. Other models in it are not touched.
        models: their names.

    Returns:
        The report: `{"failed": False, "models": {name: fields of a ModelReport}}`. It is also logged, on one line.

    Raises:
        SyncFailed: a file is missing or damaged, or S3 or the file system failed. Of that version, readers keep what
            they had; everything else is copied.
    """
    with exclusive(target):
        reports = {model: ModelMirror(source, ModelDirectory(target, model), model).run() for model in models}
    failed = any(report.failures for report in reports.values())
    summary = {"failed": failed, "models": {model: asdict(report) for model, report in reports.items()}}
    sys.stdout.write(json.dumps({"level": "ERROR" if failed else "INFO", "message": "model sync", **summary}) + "\n")
    if failed:
        raise SyncFailed(json.dumps(summary))
    return summary
