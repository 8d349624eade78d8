"""The S3-compatible server that fetching is measured against."""

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config

from benchmarks.object_server import ObjectServer, ServerMissing

CONTENT = bytes(range(256)) * 4096
NEEDS_NGINX = pytest.mark.skipif(
    shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") is None,
    reason="nginx is not installed",
)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "bucket" / "models").mkdir(parents=True)
    (tmp_path / "bucket" / "models" / "file").write_bytes(CONTENT)
    with ObjectServer(tmp_path, 60_000_000) as server:
        yield server.endpoint


@NEEDS_NGINX
def test_boto3_reads_an_object(endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="anyone",
        aws_secret_access_key="anything",
        config=Config(retries={"max_attempts": 0}),
    )
    answer = client.get_object(Bucket="bucket", Key="models/file")
    with answer["Body"] as body:
        assert body.read() == CONTENT
    client.close()


@NEEDS_NGINX
def test_a_range_is_answered_with_that_range(endpoint: str) -> None:
    request = urllib.request.Request(f"{endpoint}/bucket/models/file", headers={"Range": "bytes=100-199"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 100-199/{len(CONTENT)}"
        assert answer.read() == CONTENT[100:200]


@NEEDS_NGINX
def test_an_object_that_is_not_there_is_not_found(endpoint: str) -> None:
    with pytest.raises(HTTPError) as missing:
        urllib.request.urlopen(f"{endpoint}/bucket/models/other")  # noqa: S310
    with missing.value as answer:
        assert answer.code == 404


def test_without_nginx_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(ServerMissing, match="apt-get install"):
        ObjectServer(tmp_path, 60_000_000)
