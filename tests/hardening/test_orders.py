"""The same request, the same bytes: in any order, from a fresh or a used environment, in both modes, of every store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.manifest import DEFAULT_SIGNATURE
from handlers.serving.app import App
from handlers.serving.start import open_app, open_single_model_app
from tests.handlers import s3_server
from tests.hardening.orders import (
    compare_orders,
    environment,
    events_of,
    is_same_refusal,
    read_manifest,
    references,
)

MODELS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
ROUNDS = 100
TENSORFLOW_ROUNDS = 3
"""Loading TensorFlow's part of a model takes as long as a hundred rounds of LiteRT's."""


@pytest.fixture
def asked(repository: Path, request: pytest.FixtureRequest) -> tuple[str, list[Any], list[Any]]:
    """A model, requests to its default signature, and the answer of a fresh environment to each."""
    model: str = request.param
    events = events_of(read_manifest(repository, model), [DEFAULT_SIGNATURE])
    assert len(events) >= 16
    return model, events, references(opening(open_app, repository.as_uri(), model), events)


def opening(mode: Callable[[dict[str, str]], App], uri: str, model: str) -> Callable[[], App]:
    return lambda: mode(environment(uri, model))


@pytest.mark.parametrize("asked", MODELS, indirect=True)
def test_a_hundred_orders_of_requests_are_answered_byte_for_byte_alike(
    repository: Path, asked: tuple[str, list[Any], list[Any]]
) -> None:
    model, events, expected = asked
    assert {200, 400} == {answer["statusCode"] for answer in expected}
    compare_orders(opening(open_app, repository.as_uri(), model), events, expected, ROUNDS)


def test_orders_of_requests_to_both_engines_of_a_model_are_answered_alike(repository: Path) -> None:
    events, fresh = events_of(read_manifest(repository, "digits")), opening(open_app, repository.as_uri(), "digits")
    compare_orders(fresh, events, references(fresh, events), TENSORFLOW_ROUNDS)


@pytest.mark.parametrize("asked", ["breast_cancer", "digits"], indirect=True)
def test_a_function_of_one_model_answers_as_one_of_several_does(
    repository: Path, asked: tuple[str, list[Any], list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    model, events, expected = asked
    compare_orders(opening(open_single_model_app, repository.as_uri(), model), events, expected, 10)


@pytest.mark.parametrize("asked", ["breast_cancer", "digits"], indirect=True)
def test_models_in_a_bucket_answer_as_models_in_a_directory_do(
    repository: Path,
    asked: tuple[str, list[Any], list[Any]],
    s3: s3_server.S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, events, expected = asked
    s3.put("models", {str(p.relative_to(repository)): p.read_bytes() for p in repository.rglob("*") if p.is_file()})
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    compare_orders(opening(open_app, f"s3://{s3_server.BUCKET}/models", model), events, expected, 5)


@pytest.mark.parametrize(
    ("other", "status", "same"),
    [
        ("The model refused the input 'x' of shape [1,0]: another reason.", 400, True),
        ("The model refused the input 'x' of shape [1,1]: a reason.", 400, False),
        ("The model refused the input 'x' of shape [1,0]: a reason.", 500, False),
        ("something else: a reason.", 400, False),
    ],
)
def test_only_the_reason_of_a_refusal_may_differ(other: str, status: int, same: bool) -> None:
    one = {"statusCode": 400, "body": "The model refused the input 'x' of shape [1,0]: a reason."}
    assert is_same_refusal(one, {"statusCode": status, "body": other}) == same
