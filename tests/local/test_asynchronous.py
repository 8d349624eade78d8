"""Requests that are answered later, and batches of them, on a stack of this machine."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import httpx
import numpy as np
import psutil
import pytest

from local.announcement import announced
from local.stack import LocalStack, local_stack
from tests.paths import PROJECT

NAME = "asynchronous"
LATER = {"prefer": "respond-async"}
ROW = [5.1, 3.5, 1.4, 0.2]
TENSOR = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 4], "data": ROW}]}
ROWS, POISONED = 10_000, 4_321
HIDDEN_SECONDS = "3"
"""How long a message of a killed worker stays hidden, in place of six timeouts."""


@pytest.fixture(scope="module")
def stack(repository) -> Iterator[LocalStack]:
    settings = {"models": '["iris"]', "mode": "single", "timeoutSeconds": "28", "asynchronous": "true"}
    with local_stack({**settings, "asynchronousConcurrency": "2"}) as stack, announced(PROJECT, NAME, stack):
        yield stack


@pytest.fixture(scope="module")
def s3(stack: LocalStack) -> Any:
    client = stack.emulator.client("s3")
    client.create_bucket(Bucket="acme", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


def until(ask: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := ask():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def answered(url: str) -> httpx.Response | None:
    answer = httpx.get(url, timeout=60)
    return None if answer.status_code == 202 else answer


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models/iris:predict", {"instances": [ROW]}),
        ("/v1/models/iris:predict", {"instances": ["text"]}),
        ("/v2/models/iris/infer", TENSOR),
    ],
)
def test_a_caller_who_prefers_it_finds_the_answer_later(stack: LocalStack, path: str, body: Any) -> None:
    url = stack.api_url + path
    accepted = httpx.post(url, json=body, headers=LATER, timeout=60)
    assert (accepted.status_code, accepted.headers["preference-applied"]) == (202, "respond-async")
    later = until(lambda: answered(urljoin(url, accepted.headers["location"])))
    at_once = httpx.post(url, json=body, timeout=60)
    assert (later.status_code, later.content) == (at_once.status_code, at_once.content)


def batch(*arguments: str) -> list[str]:
    whole = ["batch", *arguments, "--model", "iris", "--stack", NAME, "--json"]
    return [sys.executable, "-m", "ops", *whole]


def lines_of(s3: Any, key: str) -> list[Mapping[str, Any]]:
    content = s3.get_object(Bucket="acme", Key=key)["Body"].read().decode()
    return [json.loads(line) for line in content.splitlines()]


def kill_workers() -> int:
    """Kill every worker of the stack, busy or not; how many there were."""
    workers = [
        child
        for child in psutil.Process().children(recursive=True)
        if child.is_running() and "handlers.single_model.handler" in child.cmdline()
    ]
    for worker in workers:
        worker.kill()
    return len(workers)


def test_a_batch_that_is_killed_half_way_goes_on_and_answers_every_row_once(stack: LocalStack, s3: Any) -> None:
    rows = np.random.default_rng(0).uniform(0.1, 7.0, (ROWS, 4)).round(2).tolist()
    rows[POISONED] = [1.0, "poison", 1.0, 1.0]
    s3.put_object(Bucket="acme", Key="in/rows.jsonl", Body="\n".join(map(json.dumps, rows)).encode())
    places = stack.deployment.outputs["asynchronous"]
    sqs, queue = stack.emulator.client("sqs"), places["queues"]["iris"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": HIDDEN_SECONDS})
    command = batch("s3://acme/in", "s3://acme/out", "--rows", "50")

    def kept() -> int:
        found = s3.list_objects_v2(Bucket=stack.deployment.outputs["bucketName"], Prefix="asynchronous/iris/answers/")
        return found["KeyCount"]

    before = kept()
    first = subprocess.Popen(command, cwd=PROJECT)
    until(lambda: kept() > before + 20)
    first.kill()
    assert first.wait() < 0
    assert kill_workers() > 0
    second = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)
    assert second.returncode == 1, second.stderr  # a row was refused
    result = json.loads(second.stdout)
    assert (result["rows"], result["answered"], result["refused"], result["failed"]) == (ROWS, ROWS - 1, 1, 0)
    assert result["found"] > 0
    assert list(result["errors"]["rows.jsonl"]) == [str(POISONED)]

    lines = lines_of(s3, "out/rows.jsonl")
    assert [line["row"] for line in lines] == list(range(ROWS))
    assert [line["row"] for line in lines if "prediction" not in line] == [POISONED]
    assert lines[POISONED]["status"] == 400
    some = [0, 49, 50, POISONED - 1, POISONED + 1, ROWS - 1]
    asked = httpx.post(
        f"{stack.api_url}/v1/models/iris:predict", json={"instances": [rows[each] for each in some]}, timeout=60
    )
    np.testing.assert_allclose([lines[each]["prediction"] for each in some], asked.json()["predictions"], rtol=1e-6)


def test_files_of_arrays_and_of_numbers_are_answered_too_and_a_bad_file_is_named(
    stack: LocalStack, s3: Any, tmp_path: Any
) -> None:
    np.save(tmp_path / "a.npy", np.array([ROW] * 3, np.float32))
    s3.upload_file(str(tmp_path / "a.npy"), "acme", "more/a.npy")
    s3.put_object(Bucket="acme", Key="more/b.csv", Body=b"5.1,3.5,1.4,0.2\n6.2,2.9,4.3,1.3\n")
    s3.put_object(Bucket="acme", Key="more/c.jsonl", Body=b"[5.1, 3.5, 1.4, 0.2]\nno json\n")
    s3.put_object(Bucket="acme", Key="more/d.npz", Body=b"no arrays")
    command = batch("s3://acme/more/", "s3://acme/out2")
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert result["written"] == [f"s3://acme/out2/{name}" for name in ("a.npy.jsonl", "b.csv.jsonl", "c.jsonl")]
    assert list(result["unfinished"]) == ["d.npz"]
    assert len(lines_of(s3, "out2/a.npy.jsonl")) == 3
    assert len(lines_of(s3, "out2/b.csv.jsonl")) == 2
    assert "the line is not JSON" in lines_of(s3, "out2/c.jsonl")[1]["error"]


@pytest.mark.parametrize(
    ("mistyped", "said"),
    [
        (("--signature", "serving"), "has no signature 'serving'; it has serving_default"),
        (("--label", "cannary"), "has no label 'cannary'"),
    ],
)
def test_a_mistyped_name_is_refused_before_a_row_is_asked(
    stack: LocalStack, mistyped: tuple[str, str], said: str
) -> None:
    command = [*batch("s3://acme/in", "s3://acme/out3"), *mistyped]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert done.stdout == ""
