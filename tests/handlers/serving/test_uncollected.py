"""Lists of large requests set off no garbage collection."""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.handlers.serving.conftest import Server, echo, refusing

ROWS = [[[number] for number in range(100)] for _ in range(1000)]


@contextmanager
def counted() -> Iterator[list[int]]:
    """The generations that are collected inside the block."""
    collected: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            collected.append(about["generation"])

    gc.callbacks.append(note)
    try:
        yield collected
    finally:
        gc.callbacks.remove(note)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models/m:predict", {"instances": ROWS}),
        (
            "/v2/models/m/infer",
            {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1000, 100, 1], "data": ROWS}]},
        ),
        ("/invocations", {"instances": ROWS}),
    ],
)
def test_a_hundred_thousand_lists_set_off_hardly_a_collection(
    serve: Callable[..., Server], path: str, body: dict[str, Any]
) -> None:
    server = serve({"m": echo("float32")})
    text = json.dumps(body)
    with counted() as collected:
        answer = server.ask("POST", path, text)
    assert answer["statusCode"] == 200
    assert len(collected) < 5
    with counted() as collected:
        json.loads(text)
    assert len(collected) > 20, "these lists set off collections where none keeps them from it"


@pytest.mark.parametrize("body", [{"instances": ROWS}, {"instances": [[1], [2, 3]]}, "no JSON", {"instances": "text"}])
@pytest.mark.parametrize("model", [echo("float32"), refusing()])
def test_collections_are_on_again_after_every_answer(serve: Callable[..., Server], model: Any, body: Any) -> None:
    serve({"m": model}).ask("POST", "/v1/models/m:predict", body)
    assert gc.isenabled()


def test_collections_that_are_off_stay_off(serve: Callable[..., Server]) -> None:
    gc.disable()
    try:
        assert (
            serve({"m": echo("float32")}).ask("POST", "/v1/models/m:predict", {"instances": [1]})["statusCode"] == 200
        )
        assert not gc.isenabled()
    finally:
        gc.enable()
