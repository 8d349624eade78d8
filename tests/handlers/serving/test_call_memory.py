"""Calls that take much memory: what does not fit is refused before it is computed, and idle models make room."""

import json
from collections.abc import Callable

import pytest

from handlers.manifest import CallMemory
from handlers.serving.footprint import ENGINE_BYTES, MIB
from tests.handlers.serving.conftest import Model, Server, half_plus

Serve = Callable[..., Server]
PATH = "/v2/models/large/infer"


def model(mib: int, call_memory: CallMemory | None = None) -> Model:
    made = half_plus(2)
    made.memory_bytes, made.call_memory = mib * MIB, call_memory
    return made


@pytest.fixture
def server(serve: Serve) -> Server:
    """A function with 210 MiB for models and calls, with a model whose calls take 50 MiB for each element."""
    line = CallMemory(base_bytes=10 * MIB, bytes_per_element=50 * MIB)
    models = {"large": model(10, line), "small": model(20), "unmeasured": model(10)}
    return serve(models, call_room=210 * MIB + ENGINE_BYTES["litert"])


def of(elements: int) -> dict[str, list[float]]:
    return {"instances": [1.0] * elements}


def test_a_call_for_which_the_function_has_no_memory_is_refused_in_both_dialects(server: Server) -> None:
    status, answer = server.predict(of(5), "large")
    assert status == 413
    assert answer["error"] == (
        f"To compute an answer for 5 input elements the model would need about {260 * MIB} bytes of memory, and this "
        f"function has {210 * MIB}: send fewer instances in one request, or give the function more memory"
    )
    tensor = {"name": "x", "datatype": "FP32", "shape": [5], "data": [1.0] * 5}
    refused = server.ask("POST", PATH, {"inputs": [tensor]})
    assert (refused["statusCode"], json.loads(refused["body"])) == (413, answer)
    assert server.predict(of(4), "large") == (200, {"predictions": [2.5] * 4})


def test_idle_models_leave_where_a_call_needs_their_room_and_stay_where_it_does_not(server: Server) -> None:
    server.predict(of(1), "small")
    for elements in (3, 5):  # the latter is refused: nothing leaves for it
        server.predict(of(elements), "large")
        assert server.cache.keys() == [("small", 1, 0), ("large", 1, 0)]
    server.predict(of(4), "large")
    assert server.cache.keys() == [("large", 1, 0)]


def test_a_call_that_the_known_size_covers_makes_nothing_leave(serve: Serve) -> None:
    line = CallMemory(base_bytes=10 * MIB, bytes_per_element=50 * MIB)
    server = serve({"large": model(210, line), "small": model(20)}, call_room=210 * MIB + ENGINE_BYTES["litert"])
    server.predict(of(1), "small")
    assert server.predict(of(4), "large")[0] == 200
    assert len(server.cache.keys()) == 2


def test_a_model_of_which_nothing_was_measured_is_not_limited(server: Server) -> None:
    assert server.predict(of(1000), "unmeasured")[0] == 200
