"""A caller learns from an answer whether its environment was new."""

from collections.abc import Callable

from tests.handlers.serving.conftest import Server, half_plus

Serve = Callable[..., Server]


def test_the_first_answer_of_an_environment_says_so_and_no_other_does(serve: Serve) -> None:
    server = serve({"half_plus_two": half_plus(2)})
    answers = [server.ask("GET", "/v2/health/live") for _ in range(3)]

    assert [answer["headers"].get("x-cold-start") for answer in answers] == ["1", None, None]


def test_a_refused_first_request_is_no_longer_a_first_one(serve: Serve) -> None:
    server = serve({"half_plus_two": half_plus(2)})
    server.ask("GET", "/nothing/here")

    assert "x-cold-start" not in server.ask("GET", "/v2/health/live")["headers"]
