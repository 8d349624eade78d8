"""Batch: files of rows below one prefix of S3, answered into files below another."""

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handlers.manifest import MANIFEST_FILE, POINTER_FILE
from handlers.manifest_reading import parse_manifest, parse_pointer
from ops.batches.chunks import Question, Source, batch_id, chunked
from ops.batches.kept import Kept
from ops.batches.rows import READERS, rows
from ops.batches.running import CUT, Progress, Running
from ops.batches.written import name_of, write
from ops.deployed import Deployed

REPOSITORY = "models"
"""Where the model repository is in a stack's bucket."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A prefix of a bucket."""

    bucket: str
    prefix: str
    """Empty, or with a slash at its end."""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a batch."""

    progress: Progress
    written: Sequence[str]
    """The files of answers."""
    unfinished: Mapping[str, str]
    """Files that have no answers, with the reason."""
    errors: Mapping[str, Mapping[int, str]]
    """The rows that were refused, by file."""

    def as_document(self) -> Mapping[str, Any]:
        """The same for JSON."""
        told = {"written": list(self.written), "unfinished": dict(self.unfinished)}
        return {**asdict(self.progress), **told, "errors": {key: dict(each) for key, each in self.errors.items()}}


def place_of(uri: str) -> Place:
    """The prefix that a URI names. Raises ValueError."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise ValueError(f"{uri!r} is no place in S3; write s3://bucket/prefix")
    return Place(bucket=bucket, prefix=f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")


def question_of(stack: Deployed, model: str, signature: str | None, label: str | None) -> Question:
    """The question to a model as it is now. Raises ValueError if the model's pointer cannot be read, or the model has
    no such label or signature."""
    pointer = parse_pointer(_read(stack, f"{model}/{POINTER_FILE}"))
    if label and label not in {*pointer.labels, *pointer.splits}:
        known = ", ".join(sorted({*pointer.labels, *pointer.splits})) or "none"
        raise ValueError(f"{model} has no label {label!r}; it has {known}")
    among = [label] if label and label in pointer.labels else sorted(pointer.splits.get(label or "", ()))
    versions = [pointer.labels[each] for each in among] or [pointer.version]
    for version in versions if signature else ():
        known = parse_manifest(_read(stack, f"{model}/{version}/{MANIFEST_FILE}")).signatures
        if signature not in known:
            raise ValueError(f"{model} version {version} has no signature {signature!r}; it has {', '.join(known)}")
    return Question(model=model, version=" ".join(map(str, versions)), signature=signature, label=label)


def _read(stack: Deployed, path: str) -> bytes:
    """A document of the stack's model repository. Raises ValueError."""
    from botocore.exceptions import ClientError

    bucket, key = stack.outputs["bucketName"], f"{REPOSITORY}/{path}"
    try:
        return stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise ValueError(f"s3://{bucket}/{key} cannot be read: {error}") from None


def run(
    stack: Deployed, source: Place, target: Place, question: Question, most_rows: int, say: Callable[[Progress], None]
) -> Result:
    """Answer every row of every file. A batch that was killed goes on where it was when it is run again.

    Raises ValueError if there is nothing to read, the answers would be among the rows, or the stack keeps no requests.
    """
    if source.bucket == target.bucket and target.prefix.startswith(source.prefix):
        raise ValueError(f"{target} is in {source}, so that answers would be read as rows; name another place for them")
    kept, s3 = Kept(stack, question), stack.client("s3")
    running = Running(kept=kept, say=say)
    with tempfile.TemporaryDirectory(prefix="batch-") as name:
        files = {each.key: each for each in _sources(s3, source)}
        if not files:
            raise ValueError(f"{source} has no file that ends with {', '.join(READERS)}")
        copies = {key: _copied(s3, source, key, Path(name) / str(number)) for number, key in enumerate(files)}
        unfinished: dict[str, str] = {}
        for key, file in files.items():
            with _reported(key, unfinished):
                running.add(file, batch_id(file, question), chunked(rows(copies[key]), most_rows))
        running.finish()
        unfinished |= _failed(running)
        written, errors = list[str](), dict[str, Mapping[int, str]]()
        for key in files.keys() - unfinished.keys():
            with _reported(key, unfinished):
                lines = Path(name) / "answers"
                chunks = [chunk for chunk in running.chunks if chunk.source.key == key]
                if found := write(lines, rows(copies[key]), chunks, kept):
                    errors[key] = found
                s3.upload_file(str(lines), target.bucket, f"{target.prefix}{name_of(key)}")
                written.append(f"{target}{name_of(key)}")
    return Result(progress=running.progress, written=sorted(written), unfinished=unfinished, errors=errors)


def _sources(s3: Any, place: Place) -> Iterator[Source]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix):
        for each in page.get("Contents", ()):
            if each["Key"].endswith(READERS):
                yield Source(key=each["Key"].removeprefix(place.prefix), tag=each["ETag"])


def _copied(s3: Any, place: Place, key: str, directory: Path) -> Path:
    directory.mkdir()
    copy = directory / f"rows{Path(key).suffix}"
    s3.download_file(place.bucket, f"{place.prefix}{key}", str(copy))
    return copy


def _failed(running: Running) -> Iterator[tuple[str, str]]:
    """The files of which a chunk has no answer to go by, with the reason."""
    for chunk in running.dead:
        yield chunk.source.key, f"rows from {chunk.numbers[0]} on: every try failed; the message is a dead letter"
    for whole in running.chunks:
        for leaf in whole.leaves():
            if leaf.status is not None and leaf.status >= 500 and leaf.status not in CUT:
                yield leaf.source.key, f"rows from {leaf.numbers[0]} on: every try was answered with {leaf.status}"


@contextmanager
def _reported(key: str, unfinished: dict[str, str]) -> Generator[None]:
    """Note why a file cannot be read or written, and go on with the others."""
    try:
        yield
    except ValueError as error:
        unfinished[key] = str(error)
