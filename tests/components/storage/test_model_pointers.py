"""What `current.json` of a model says in the bucket after a deployment."""

import pytest

from components.storage.model_pointers import VersionTakenBackError, pointer_to_write
from handlers.manifest import Pointer

FILES = {"model.tflite": b"weights"}


@pytest.fixture
def iris(package):
    """A model with two versions, of which the second is current and the first has a label."""
    [model] = package({"iris": {1: FILES, 2: FILES}}, labels={"iris": {"stable": 1}})
    return model


def text(version: int, **labels: int) -> str:
    return Pointer(version=version, labels=labels).to_json()


@pytest.mark.parametrize("is_baked", [True, False])
def test_a_first_deployment_writes_what_is_packaged(iris, is_baked: bool):
    assert pointer_to_write(iris, None, is_baked=is_baked) == text(2, stable=1)


@pytest.mark.parametrize("published", [text(1), text(3, canary=4), text(2, stable=1)])
def test_a_pointer_stays_as_it_was_published_where_functions_read_it(iris, published: str):
    assert pointer_to_write(iris, published, is_baked=False) == published


@pytest.mark.parametrize("published", [text(1), text(2), text(1, stable=1), text(2, stable=1)])
def test_a_pointer_says_what_the_image_holds(iris, published: str):
    assert pointer_to_write(iris, published, is_baked=True) == text(2, stable=1)


def test_a_pointer_that_says_the_same_keeps_its_words(iris):
    published = '{"labels": {"stable": 1}, "version": 2}'
    assert pointer_to_write(iris, published, is_baked=True) == published


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (text(3, stable=1), "version 3 answers now, and version 2 would answer"),
        (text(2, stable=2), "the label stable stands for version 2 now, and would stand for version 1"),
        (text(1, canary=1), "the label canary stands for version 1 now, and would be gone"),
    ],
)
def test_an_image_that_would_take_back_what_was_published_is_refused_with_what_to_do(iris, published: str, reason: str):
    with pytest.raises(
        VersionTakenBackError, match=f"iris: .*{reason}.*aws s3 cp .*To go back on purpose, first write"
    ):
        pointer_to_write(iris, published, is_baked=True)
