"""Models in a bucket: archives, files and directories, by the emulated S3."""

import io
import tarfile
from pathlib import Path
from uuid import uuid4

import pytest

from local.emulator import REGION
from models.origins import s3 as origin
from models.origins.errors import OriginError
from models.origins.opening import opened
from models.publishing.aws import client
from tests.models.publishing.conftest import silent


@pytest.fixture
def bucket(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket, which is the one of the variables of this process."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    name = f"trained-{uuid4().hex}"
    client("s3", aws).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest.fixture
def put(bucket: str, aws: dict[str, str]):
    def put(key: str, content: bytes) -> str:
        client("s3", aws).put_object(Bucket=bucket, Key=key, Body=content)
        return f"s3://{bucket}/{key}"

    return put


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_pb", ".pb").replace("_py", ".py"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_an_archive_as_sagemaker_writes_it_is_a_model(put):
    content = archive(export__Servo__1__saved_model_pb=b"graph", code__inference_py=b"pass")
    with opened(put("jobs/7/output/model.tar.gz", content), silent) as (model, _):
        assert (model / "saved_model.pb").read_bytes() == b"graph"
    assert not model.exists()


def test_a_file_is_a_model(put):
    with opened(put("models/flowers.keras", b"keras" * 1000), silent) as (model, _):
        assert (model.name, model.read_bytes()) == ("flowers.keras", b"keras" * 1000)


@pytest.mark.parametrize("end", ["", "/"])
def test_everything_below_a_key_is_a_directory(put, bucket, end):
    put("exports/1/saved_model.pb", b"graph")
    put("exports/1/variables/variables.index", b"index")
    put("exports/10/saved_model.pb", b"other")
    with opened(f"s3://{bucket}/exports/1{end}", silent) as (model, _):
        found = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file()}
        assert found == {"saved_model.pb", "variables/variables.index"}


def test_a_key_with_nothing_below_it_is_named(bucket):
    with (
        pytest.raises(OriginError, match=f"s3://{bucket}/absent/ holds nothing; is the key right"),
        opened(f"s3://{bucket}/absent", silent),
    ):
        pass


def test_a_bucket_that_is_not_there_is_named(bucket):
    with (
        pytest.raises(OriginError, match=r"s3://no-such-bucket-of-ours/model.tar.gz cannot be fetched: .*NoSuchBucket"),
        opened("s3://no-such-bucket-of-ours/model.tar.gz", silent),
    ):
        pass


def test_an_object_that_is_too_large_is_not_downloaded(put, monkeypatch):
    monkeypatch.setattr(origin, "LARGEST_BYTES", 10)
    with (
        pytest.raises(OriginError, match="has 11 bytes; at most 10 are allowed"),
        opened(put("m.keras", b"x" * 11), silent),
    ):
        pass


def test_a_model_in_a_bucket_is_packaged_and_published_by_one_command(put, repository: Path, tmp_path, capsys):
    from models.cli import main

    content = (repository / "iris" / "1" / "model.tflite").read_bytes()
    arguments = ["publish", "flowers", "--from", put("trained/iris.tflite", content)]
    arguments += ["--repository", str(tmp_path / "packaged"), "--at", str(tmp_path / "published"), "--json"]
    assert main(arguments) == 0
    assert (tmp_path / "published" / "flowers" / "1" / "model.tflite").is_file()
    assert main(arguments) == 0
    assert '"existed": true' in capsys.readouterr().out
