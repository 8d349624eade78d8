"""A function without a list of models: it serves what the store lists, and names that callers make up cost nothing."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.contract import MODEL_STORE_URI
from handlers.manifest import Pointer
from handlers.serving.engines import EngineError
from handlers.serving.listed_models import FAILURE_SECONDS, LIST_SECONDS
from handlers.serving.published import POINTER_SECONDS
from handlers.serving.start import open_app, open_single_model_app
from handlers.serving.stores import StoreError
from handlers.serving.stores.s3 import S3Store
from tests.handlers.s3_server import BUCKET, S3Server
from tests.handlers.serving.conftest import LISTING, Server, copy_first_version, half_plus

Serve = Callable[..., Server]
ONE = {"instances": [1.0]}
TWO = (200, {"predictions": [2.5]})
THREE = (200, {"predictions": [3.5]})


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve({"a": half_plus(2)}, listed=True)


@pytest.fixture
def empty(serve: Serve) -> Server:
    return serve({}, listed=True)


def status(server: Server, model: str) -> int:
    return server.predict(ONE, model)[0]


def withdraw(server: Server) -> None:
    """Take the model `a`, which answered, out of the store."""
    assert server.predict(ONE, "a") == TWO
    del server.store.models["a"]
    server.now[0] += POINTER_SECONDS
    assert status(server, "a") == 404


def test_what_the_store_has_is_served_at_the_price_of_one_pointer_and_one_manifest(server: Server) -> None:
    assert server.predict(ONE, "a") == TWO
    assert server.store.asked == ["a", "a"]


def test_a_model_that_is_published_later_answers_without_a_deployment(server: Server) -> None:
    assert status(server, "b") == 404
    server.store.models["b"] = {1: half_plus(3)}
    server.now[0] += LIST_SECONDS
    assert server.predict(ONE, "b") == THREE


def test_a_model_that_is_no_longer_published_stops_answering_and_leaves_memory(server: Server) -> None:
    withdraw(server)
    assert server.cache.keys() == []
    server.store.models["a"] = {2: half_plus(3)}
    server.now[0] += LIST_SECONDS
    assert server.predict(ONE, "a") == THREE


def test_a_model_that_was_published_again_is_not_answered_for_by_a_version_from_before(server: Server) -> None:
    withdraw(server)
    server.store.models["a"] = {1: half_plus(2), 2: half_plus(3)}
    server.failing["a/2"] = EngineError("damaged")
    server.now[0] += LIST_SECONDS
    assert status(server, "a") == 503


# Names that callers make up.


def test_a_flood_of_unknown_names_is_one_pointer_and_one_list_in_a_few_seconds(server: Server) -> None:
    statuses = {status(server, f"made-up-{number}") for number in range(1000)}
    assert statuses == {404}
    assert server.store.asked == ["made-up-0", LISTING]
    server.now[0] += LIST_SECONDS
    assert status(server, "made-up-0") == 404
    assert server.store.asked == ["made-up-0", LISTING, "made-up-0", LISTING]


def test_a_flood_of_unknown_names_keeps_no_model_from_answering(server: Server) -> None:
    for number in range(100):
        status(server, f"made-up-{number}")
    assert server.predict(ONE, "a") == TWO


def test_unknown_names_leave_nothing_in_memory(server: Server) -> None:
    for number in range(1000):
        server.now[0] += LIST_SECONDS  # each of them is looked up
        assert status(server, f"made-up-{number}") == 404
    kept = vars(server.app.repository._published) | vars(server.app.repository._models)
    assert max(len(value) for value in kept.values() if hasattr(value, "__len__")) <= 64


@pytest.mark.parametrize("name", ["..", "a/b", "-a", "%2e%2e", "a" * 64, "a.b", "é", "a%00", "current.json"])
def test_the_store_is_never_asked_for_what_cannot_be_a_name(server: Server, name: str) -> None:
    for path in (f"/v1/models/{name}:predict", f"/v2/models/{name}/infer"):
        assert server.ask("POST", path, ONE)["statusCode"] in (400, 404)
    assert server.store.asked == []


def test_a_listed_name_without_a_pointer_is_looked_up_once_in_a_few_seconds(server: Server) -> None:
    names = server.store.names
    server.store.names = lambda: names() | {"half"}  # pyright: ignore[reportAttributeAccessIssue]
    for _ in range(50):
        assert status(server, "half") == 404
    assert server.store.asked == ["half", LISTING]


def test_a_store_that_cannot_be_read_is_not_asked_for_every_name(server: Server) -> None:
    server.store.broken = StoreError("the network is down")
    answers = [server.ask("POST", f"/v1/models/made-up-{number}:predict", ONE) for number in range(100)]
    assert {answer["statusCode"] for answer in answers} == {503}
    assert {answer["headers"]["retry-after"] for answer in answers} == {"1"}
    assert len(server.store.asked) == 1
    server.store.broken = None
    server.now[0] += FAILURE_SECONDS
    assert server.predict(ONE, "a") == TWO


def test_a_list_that_cannot_be_read_is_a_503_for_unknown_names_and_nothing_for_known_ones(server: Server) -> None:
    assert server.predict(ONE, "a") == TWO
    server.store.names = refuse  # pyright: ignore[reportAttributeAccessIssue]
    assert [status(server, name) for name in ("b", "c")] == [404, 503]
    assert server.predict(ONE, "a") == TWO


def refuse() -> frozenset[str]:
    raise StoreError("listing is not allowed")


def test_only_models_that_were_found_are_recorded(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("made-up", "a"):
        server.predict(ONE, model)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("Model") for line in lines if line["message"] == "request"] == [None, "a"]
    assert [line["level"] for line in lines] == ["INFO", "INFO"]


def test_many_threads_find_a_model_at_once(server: Server) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(status(server, "a"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 16
    assert server.store.asked == ["a", "a"]


# A store that is still empty.


def test_an_empty_store_is_ready_and_its_answers_say_that_nothing_is_published(empty: Server) -> None:
    assert empty.ask("GET", "/v2/health/ready")["statusCode"] == 200
    for method, path in (
        ("POST", "/v1/models/iris:predict"),
        ("GET", "/v1/models/iris"),
        ("GET", "/v1/models/iris/metadata"),
        ("POST", "/v2/models/iris/infer"),
        ("GET", "/v2/models/iris"),
        ("GET", "/v2/models/iris/ready"),
    ):
        answer = empty.ask(method, path, ONE)
        assert answer["statusCode"] == 404
        assert json.loads(answer["body"])["error"].endswith(": no model is published yet")
    empty.store.models["iris"] = {1: half_plus(2)}
    empty.now[0] += LIST_SECONDS
    assert empty.predict(ONE, "iris") == TWO
    answer = empty.ask("POST", "/v1/models/wine:predict", ONE)
    assert json.loads(answer["body"]) == {"error": "Servable not found for request: Latest(wine)"}


def test_an_empty_store_rings_no_alarm(empty: Server, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        status(empty, "iris")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["level"] for line in lines} == {"INFO"}
    assert sum(line.get("ServerErrors", 0) for line in lines) == 0


def test_readiness_follows_the_models_that_were_asked_for(serve: Serve) -> None:
    server = serve({"a": half_plus(2), "b": half_plus(3)}, listed=True)
    server.failing["a/1"] = EngineError("damaged")
    assert status(server, "a") == 503
    assert server.ask("GET", "/v2/health/ready")["statusCode"] == 503
    assert status(server, "b") == 200
    assert server.ask("GET", "/v2/health/ready")["statusCode"] == 200


def test_the_models_are_listed_for_callers_too(serve: Serve) -> None:
    server = serve({"b": half_plus(2), "a": half_plus(2)}, listed=True)
    for _ in range(3):
        answer = server.ask("GET", "/v2/models")
        assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"models": ["a", "b"]})
    assert server.store.asked == [LISTING]
    server.store.broken = StoreError("the network is down")
    server.now[0] += LIST_SECONDS
    assert server.ask("GET", "/v2/models")["statusCode"] == 503


def test_a_function_that_was_given_names_lists_those(serve: Serve) -> None:
    server = serve({"b": half_plus(2), "a": half_plus(2)})
    assert json.loads(server.ask("GET", "/v2/models")["body"]) == {"models": ["a", "b"]}
    assert server.store.asked == []


def test_after_a_restore_the_store_is_listed_again(server: Server) -> None:
    assert status(server, "b") == 404
    server.store.models["b"] = {1: half_plus(3)}
    server.app.repository.restored()
    assert server.predict(ONE, "b") == THREE


# The real stores.


@pytest.mark.parametrize("names", [{}, {"MODEL_NAMES": ""}])
def test_without_names_in_its_environment_a_function_serves_what_is_there(
    repository: Path, names: dict[str, str]
) -> None:
    app = open_app({MODEL_STORE_URI: repository.as_uri(), **names})
    assert app.repository.find("iris").model == "iris"
    assert {"iris", "wine"} <= set(app.repository.models())


@pytest.mark.parametrize("names", [{}, {"MODEL_NAMES": ""}, {"MODEL_NAMES": "a,b"}])
def test_a_function_for_one_model_must_be_told_which(repository: Path, names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="this handler serves exactly one model"):
        open_single_model_app({MODEL_STORE_URI: repository.as_uri(), **names})


def test_a_directory_that_is_not_there_has_no_models(tmp_path: Path) -> None:
    app = open_app({MODEL_STORE_URI: (tmp_path / "absent").as_uri()})
    assert app.repository.models() == []
    assert app.repository.is_ready()


def test_a_bucket_lists_the_names_that_a_model_can_have(s3: S3Server, tmp_path: Path) -> None:
    for key in ("a/current.json", "b/1/manifest.json", "not a name/1/x", "README.md", ".hidden/x"):
        s3.objects[f"models/{key}"] = b"x"
    s3.objects["other/c/current.json"] = b"x"
    store = S3Store(BUCKET, "models", directory=tmp_path)
    assert store.names() == {"a", "b"}
    s3.objects.clear()
    assert store.names() == frozenset()
    store.close()


def test_a_model_found_in_a_bucket_costs_two_requests_before_its_files(
    s3: S3Server, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    copy_first_version(repository, "iris", tmp_path / "root")
    for path in (tmp_path / "root").rglob("*"):
        if path.is_file():
            s3.objects[f"models/{path.relative_to(tmp_path / 'root').as_posix()}"] = path.read_bytes()
    app = open_app({MODEL_STORE_URI: f"s3://{BUCKET}/models"})
    assert app.repository.find("iris").version == 1
    assert dict(s3.asked) == {"models/iris/current.json": 1, "models/iris/1/manifest.json": 1}
    with pytest.raises(Exception, match="'made-up' is not served here"):
        app.repository.find("made-up")
    asked: dict[str, Any] = dict(s3.asked)
    for number in range(200):
        with pytest.raises(Exception, match="is not served here"):
            app.repository.find(f"made-up-{number}")
    assert dict(s3.asked) == asked
    app.repository.restored()  # closes the connections


def test_a_pointer_that_moves_is_followed(server: Server) -> None:
    server.store.models["a"][2] = half_plus(3)
    server.store.pointers["a"] = Pointer(version=1)
    assert server.predict(ONE, "a") == TWO
    server.store.pointers["a"] = Pointer(version=2)
    server.now[0] += POINTER_SECONDS
    assert server.predict(ONE, "a") == THREE
