"""What callers meet between a deployment and an answer, over HTTP."""

import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.publishing import current_version
from local.stack import LocalStack, local_stack
from tests.callers.asking import COLUMNS, INFER, PREDICT, ROW, ROWS, ask, signer
from tests.callers.conftest import Stacks
from tests.paths import PROJECT
from tests.processes import run_python

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def stack(repository) -> Iterator[LocalStack]:
    with local_stack({"models": '["iris", "digits"]', "timeoutSeconds": "28"}) as stack:
        yield stack


def test_every_answer_names_the_version_that_it_comes_from(stack: LocalStack) -> None:
    for path, body in (
        (PREDICT, ROWS),
        (INFER, COLUMNS),
        ("/v1/models/iris/metadata", None),
        ("/v2/models/iris", None),
    ):
        assert int(ask(stack, path, body).headers["x-model-version"]) >= 1


def test_a_broken_version_changes_neither_what_answers_nor_what_is_said_of_it(repository) -> None:
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28"}) as stack:
        before = ask(stack, PREDICT, ROWS)
        good = before.headers["x-model-version"]
        broken = publish_broken(stack, int(good))
        status = until(lambda: ask(stack, "/v1/models/iris"), lambda answer: str(broken).encode() in answer.body)
        answers = [ask(stack, PREDICT, ROWS), ask(stack, INFER, COLUMNS), ask(stack, "/v2/models/iris/ready")]
        status = ask(stack, "/v1/models/iris")
    assert [(each.status, each.headers["x-model-version"]) for each in answers] == [(200, good)] * 3
    states = {each["version"]: each["state"] for each in status.json["model_version_status"]}
    assert states == {str(broken): "END", good: "AVAILABLE"}


@pytest.mark.parametrize("name", ["iam", "rest"])
def test_a_request_is_found_by_every_id_that_its_caller_knows(
    stacks: Stacks, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"x-request-id": f"mine-{name}", "traceparent": TRACE}
    refused = {"id": f"body-{name}", "inputs": [{**COLUMNS["inputs"][0], "shape": [1, 3]}]}
    answer = ask(stacks[name], INFER, refused, headers, signer(monkeypatch, stacks[name]))
    assert answer.status == 400
    seen = answer.headers.get("apigw-requestid") or answer.headers["x-amzn-requestid"]
    for known in (seen, f"mine-{name}", f"body-{name}", TRACE):
        found = until(lambda known=known: find(known, name), lambda done: done.returncode == 0)
        assert "status=400" in found.stdout, (known, found.stdout, found.stderr)
        assert f"inferenceId=body-{name}" in found.stdout
        assert "REPORT RequestId" in found.stdout


def test_an_id_that_no_log_has_is_said_to_be_in_none(stacks: Stacks) -> None:
    assert stacks["iam"].models  # it runs
    done = find("of-nobody", "iam")
    assert (done.returncode, "no log of the stack" in done.stdout) == (1, True)


def test_a_large_answer_is_compressed_where_the_caller_accepts_it_and_the_same_bytes(stack: LocalStack) -> None:
    body = {"instances": [ROW] * 5_000}
    plain = ask(stack, PREDICT, body, {"accept-encoding": "identity"})
    packed = ask(stack, PREDICT, body, {"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body  # the client has decompressed it
    assert int(packed.headers["content-length"]) < len(plain.body) // 4
    assert "content-encoding" not in ask(stack, PREDICT, ROWS, {"accept-encoding": "gzip"}).headers


def test_an_answer_that_is_too_large_names_gzip_which_then_carries_it(stack: LocalStack) -> None:
    body = gzip.compress(json.dumps({"instances": [ROW] * 180_000}).encode())
    sent = {"content-type": "application/json", "content-encoding": "gzip"}
    refused = ask(stack, PREDICT, body, {**sent, "accept-encoding": "identity"})
    assert (refused.status, "accept gzip" in refused.json["error"]) == (413, True)
    assert ask(stack, PREDICT, body, {**sent, "accept-encoding": "gzip"}).status == 200


def test_five_megabytes_fit_as_json_and_not_as_base64_as_the_page_says(stack: LocalStack) -> None:
    body = json.dumps({**ROWS, "ignored": "x" * 5_000_000}).encode()
    assert ask(stack, PREDICT, body, {"content-type": "application/json"}).status == 200
    assert ask(stack, PREDICT, body, {"content-type": "application/octet-stream"}).status >= 413
    for page in ("README.md", "docs/calling.md"):
        text = " ".join((PROJECT / page).read_text(encoding="utf-8").split())
        assert "4.5 MB" in text
        assert "base64" in text
        assert "Content-Type: application/json" in text


def test_an_image_goes_in_as_it_is_or_as_the_file_of_a_form(stack: LocalStack, png: bytes) -> None:
    import httpx

    for path in ("/v1/models/digits:predict", "/v2/models/digits/infer"):
        plain = ask(stack, path, png, {"content-type": "image/png"})
        form = httpx.post(stack.api_url + path, files={"file": ("seven.png", png, "image/png")}, timeout=60)
        assert (plain.status, form.status_code) == (200, 200), (plain, form.text)
        assert form.content == plain.body
    refused = ask(stack, PREDICT, png, {"content-type": "image/png"})
    assert (refused.status, "b64" in refused.json["error"]) == (415, True)


def test_every_signature_is_told_under_v2(stack: LocalStack) -> None:
    metadata = ask(stack, "/v2/models/digits").json
    assert sorted(metadata["signatures"]) == ["png", "serving_default"]
    assert metadata["signatures"]["png"]["inputs"][0]["datatype"] == "BYTES"
    assert metadata["inputs"] == metadata["signatures"][metadata["parameters"]["signature_name"]]["inputs"]
    assert "signatures" not in ask(stack, "/v2/models/iris").json


def test_a_model_that_never_fits_is_a_failure_that_counts(repository) -> None:
    with local_stack({"models": '["iris"]', "timeoutSeconds": "28"}) as stack:
        publish_too_large(stack, current_version(repository / "iris"))
        answer = ask(stack, PREDICT, ROWS)
        log = stack.invocations.logs(stack.function_of("iris")).path.read_text()
    assert (answer.status, "retry-after" in answer.headers) == (500, False)
    assert "needs" in answer.json["error"]
    assert '"ServerErrors":1' in log
    assert '"LoadFailures":1' in log


@pytest.fixture(scope="module")
def png(repository) -> bytes:
    import numpy as np

    with np.load(repository.parent / "exports" / "digits" / "test.npz") as found:
        return next(bytes(found[key][0]) for key in found if found[key].dtype.kind in "SO" or "png" in key)


def publish_too_large(stack: LocalStack, good: int) -> None:
    """Let the good version need more memory than any function has."""
    s3, bucket = stack.emulator.client("s3"), str(stack.deployment.outputs["bucketName"])
    key = f"models/iris/{good}/manifest.json"
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    manifest["artifacts"][0]["memory_bytes"] = 10 << 30
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())


def publish_broken(stack: LocalStack, good: int) -> int:
    """Publish a version after the good one whose files are damaged, and let the pointer name it."""
    s3, bucket, broken = stack.emulator.client("s3"), str(stack.deployment.outputs["bucketName"]), good + 1
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=f"models/iris/{good}/")["Contents"]:
        content = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        is_manifest = found["Key"].endswith("manifest.json")
        body = json.dumps(json.loads(content) | {"version": broken}).encode() if is_manifest else b"x" * len(content)
        s3.put_object(Bucket=bucket, Key=found["Key"].replace(f"/{good}/", f"/{broken}/"), Body=body)
    pointer = json.dumps({"version": broken, "labels": {}}).encode()
    s3.put_object(Bucket=bucket, Key="models/iris/current.json", Body=pointer)
    return broken


def find(known: str, name: str) -> Any:
    return run_python("-m", "ops", "find", known, "--stack", f"callers-{name}", timeout=60)


def until(attempt: Any, is_done: Any, seconds: float = 30) -> Any:
    """What an attempt returns once it is done, or at the end of the time."""
    end = time.monotonic() + seconds
    while True:
        found = attempt()
        if is_done(found) or time.monotonic() > end:
            return found
        time.sleep(1)
