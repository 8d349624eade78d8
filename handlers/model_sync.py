"""Lambda entry point: keep a file system equal to the bucket that models are published to.

It runs once in each deployment, when a manifest or a pointer in the bucket changes, and by a schedule. It always looks
at all of its models, so the next run makes up for a lost event.
"""

import json
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handlers import contract, timestamps
from handlers.mirror.bucket import BucketRepository, Contents
from handlers.mirror.directory import ModelDirectory, models_in, sweep_aside
from handlers.mirror.lock import exclusive
from handlers.mirror.model import ModelMirror, reason_of

COMPARED_BYTES = 256 << 20
"""How many bytes of models that an event does not name are compared with their checksums. A bucket may have thousands
of events a day, and EFS bills each byte that is read."""


class SyncFailed(Exception):
    """The bucket, or part of it, could not be copied. The message is the report, as JSON. The rest is copied."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer an S3 notification, the schedule's call, or any other call, with the report. Raises SyncFailed.

    A notification compares the files of the models that it names with their checksums, and as many others as it may.
    The schedule compares no file with its checksum. Any other call compares all files, and repairs what differs.
    """
    store = urlsplit(os.environ[contract.MODEL_STORE_URI])
    prefix = store.path.strip("/")
    models = contract.split_model_names(os.environ.get(contract.MODEL_NAMES, "")) or None
    target = Path(os.environ.get(contract.MODEL_SYNC_TARGET, contract.MOUNT_PATH))
    # Without a route to S3, botocore's default of 60 seconds for each try would outlast the function.
    client = boto3.client("s3", config=Config(connect_timeout=5, retries={"mode": "adaptive", "total_max_attempts": 4}))
    source = BucketRepository(client, store.netloc, prefix)
    if event.get(contract.SYNC_REASON) == contract.SCHEDULED:
        return synchronize(source, target, models, changed=(), others=0)
    return synchronize(source, target, models, changed=_changed(event, prefix))


def synchronize(
    source: BucketRepository,
    target: Path,
    models: Sequence[str] | None,
    *,
    changed: Collection[str] | None = None,
    others: int | None = None,
) -> dict[str, Any]:
    """Make a directory hold the same versions of these models as a bucket, while others read it.

    Args:
        source: the models as published.
        target: the root of the copied repository; created if missing.
        models: their names; other models in the directory are not touched. None for all models of the bucket; models
            that it does not have are removed from the directory. Directories of models that are named stay.
        changed: those whose files are compared with their checksums first of all; None compares all.
        others: how many bytes of other models are compared besides; `COMPARED_BYTES` if none is given.

    Returns:
        The report: `{"failed": False, "models": {name: fields of a ModelReport}, "unchanged": count}`. It is also
        logged, on one line.

    Raises:
        SyncFailed: a file is missing or damaged, or S3 or the file system failed. Of that version, readers keep what
            they had; everything else is copied. If the bucket cannot be listed, nothing changes.
    """
    with exclusive(target):
        sweep_aside(target)
        try:
            contents = source.contents(models)
        except (BotoCoreError, ClientError) as error:
            return _report({"failed": True, "models": {}, "reason": reason_of(error)})
        compared = _compared(contents, changed, COMPARED_BYTES if others is None else others)
        names = contents.keys() | (models_in(target) if models is None else set[str]())
        reports = {
            name: ModelMirror(
                source,
                contents.get(name, Contents()),
                ModelDirectory(target, name, lasting=models is not None),
                name,
                compare=name in compared,
            ).run()
            for name in sorted(names)
        }
    failed = any(report.failures for report in reports.values())
    news = {name: asdict(report) for name, report in reports.items() if report.is_news}
    return _report({"failed": failed, "models": news, "unchanged": len(reports) - len(news)})


def _report(summary: dict[str, Any]) -> dict[str, Any]:
    """Log a report. Raises SyncFailed if it is one of a failure."""
    level = "ERROR" if summary["failed"] else "INFO"
    line = {"timestamp": timestamps.now(), "level": level, "message": "model sync", **summary}
    sys.stdout.write(json.dumps(line) + "\n")
    if summary["failed"]:
        raise SyncFailed(json.dumps(summary))
    return summary


def _changed(event: Mapping[str, Any], prefix: str) -> frozenset[str] | None:
    """The models that a notification of the bucket names; None for any other call."""
    if "Records" not in event:
        return None
    keys = [unquote_plus(record["s3"]["object"]["key"]) for record in event["Records"]]
    return frozenset(key.removeprefix(f"{prefix}/" if prefix else "").partition("/")[0] for key in keys)


def _compared(contents: Mapping[str, Contents], changed: Collection[str] | None, left: int) -> Collection[str]:
    """The models whose files are compared: those that changed, and others by chance as far as `left` bytes go."""
    if changed is None:
        return contents.keys()
    others = [name for name in contents if name not in changed]
    SystemRandom().shuffle(others)
    chosen = set(changed)
    for name in others:
        left -= contents[name].size
        if left < 0:
            break
        chosen.add(name)
    return chosen
