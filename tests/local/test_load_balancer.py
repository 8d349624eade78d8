"""The real program with a load balancer in front of it."""

import json
from collections.abc import Iterator

import numpy as np
import pytest

from local.held_out import read_held_out
from local.stack import LocalStack
from tests.identical.asks import asks_of_a_model, is_damaged_on_the_way
from tests.identical.exchange import Ask, exchange, get, post
from tests.ways_in import stack_behind

MODELS = {"models": ["iris", "digits"], "timeoutSeconds": 28}


@pytest.fixture(scope="module", params=["multi", "single"])
def stack(repository, request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    with stack_behind("alb", repository, mode=request.param, **MODELS) as stack:
        yield stack


@pytest.fixture(scope="module")
def gateway(repository) -> Iterator[LocalStack]:
    with stack_behind("http", repository, **MODELS) as stack:
        yield stack


def test_a_load_balancer_gives_the_answers_of_an_http_api(stack, gateway, repository):
    held_out = read_held_out(repository.parent, "iris")
    for ask in asks_of_a_model(held_out, (held_out.manifest.version,)):
        if is_damaged_on_the_way(ask):
            continue
        answers = [exchange(each.api_url, ask) for each in (stack, gateway)]
        assert answers[0].status == answers[1].status, ask
        assert answers[0].body == answers[1].body, ask


def test_every_path_reaches_a_function(stack):
    assert json.loads(exchange(stack.api_url, get("/elsewhere")).body)["error"].startswith("Nothing is at /elsewhere")
    assert exchange(stack.api_url, get("/")).status == 200
    assert json.loads(exchange(stack.api_url, get("/v2/models")).body) == {"models": ["digits", "iris"]}


def test_an_answer_of_more_than_a_megabyte_is_refused_with_the_way_out(stack):
    rows = np.zeros((30_000, 4)).tolist()
    answer = exchange(stack.api_url, post("/v1/models/iris:predict", {"instances": rows}))
    assert answer.status == 413
    assert "at most 1000000 can be returned" in json.loads(answer.body)["error"]
    ask = post("/v1/models/iris:predict", {"instances": rows})
    packed = exchange(
        stack.api_url,
        Ask(method="POST", path=ask.path, body=ask.body, headers={**ask.headers, "accept-encoding": "gzip"}),
    )
    assert packed.status == 200
