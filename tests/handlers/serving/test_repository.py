"""Which version answers: pointers that move, versions that fail, stores that break, budgets that are too small."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from handlers.manifest import FileEntry, Manifest, Pointer
from handlers.serving import loading
from handlers.serving.engines import EngineError, LoadedModel
from handlers.serving.published import POINTER_SECONDS
from handlers.serving.stores import StoreError
from tests.handlers.serving.conftest import Model, Server, half_plus

Serve = Callable[..., Server]
TWO = (200, {"predictions": [2.5]})
THREE = (200, {"predictions": [3.5]})
ONE = {"instances": [1.0]}


@pytest.fixture
def server(serve: Serve) -> Server:
    made = serve({"m": {1: half_plus(2), 2: half_plus(3)}})
    made.store.pointers["m"] = Pointer(version=1, labels={"canary": 2})
    return made


def test_a_new_version_answers_once_its_pointer_is_read_again(server: Server) -> None:
    assert server.predict(ONE, "m") == TWO
    server.store.pointers["m"] = Pointer(version=2)
    assert server.predict(ONE, "m") == TWO
    server.now[0] = POINTER_SECONDS
    assert server.predict(ONE, "m") == THREE


def test_the_version_before_leaves_memory_unless_a_label_names_it(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.pointers["m"] = Pointer(version=2, labels={"stable": 1})
    server.now[0] = 10
    server.predict(ONE, "m")
    assert server.cache.keys() == [("m", 1, 0), ("m", 2, 0)]
    server.store.pointers["m"] = Pointer(version=1)
    server.now[0] = 20
    server.predict(ONE, "m")
    assert server.cache.keys() == [("m", 1, 0)]


def test_versions_and_labels_are_served_by_name(server: Server) -> None:
    for path, answer in (("versions/2", THREE), ("labels/canary", THREE), ("versions/1", TWO)):
        found = server.ask("POST", f"/v1/models/m/{path}:predict", ONE)
        assert (found["statusCode"], json.loads(found["body"])) == answer
    assert server.ask("GET", "/v1/models/m/labels/canary/metadata")["statusCode"] == 200


def test_the_version_before_goes_on_while_the_new_one_cannot_be_loaded(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.predict(ONE, "m")
    server.store.pointers["m"] = Pointer(version=2)
    server.failing["m/2"] = EngineError("damaged")
    server.now[0] = 10
    assert server.predict(ONE, "m") == TWO
    assert server.predict(ONE, "m") == TWO
    assert server.loads == ["m/1", "m/2"]
    assert json.loads(server.ask("GET", "/v1/models/m")["body"])["model_version_status"][0]["state"] == "END"
    del server.failing["m/2"]
    server.now[0] = 20
    assert server.predict(ONE, "m") == THREE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failure = next(line for line in lines if line["message"] == "model not loaded")
    assert (failure["Model"], failure["version"], failure["LoadFailures"]) == ("m", 2, 1)
    assert "damaged" in failure["reason"]


def test_ready_status_and_metadata_speak_of_the_version_that_answers(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.pointers["m"] = Pointer(version=2)
    server.failing["m/2"] = EngineError("damaged")
    server.now[0] = 10
    answers = [server.ask("POST", "/v1/models/m:predict", ONE), server.ask("POST", "/v2/models/m/infer", infer_one())]
    described = [server.ask("GET", f"/v2/models/m{path}") for path in ("", "/config", "/ready")]
    described.append(server.ask("GET", "/v1/models/m/metadata"))
    assert [(each["statusCode"], each["headers"]["x-model-version"]) for each in answers + described] == [
        (200, "1")
    ] * 6
    assert json.loads(answers[1]["body"])["model_version"] == "1"
    assert json.loads(described[0]["body"])["versions"] == ["1", "2"]
    assert states(server) == [
        ("2", "END", "The model could not be loaded; it will be tried again"),
        ("1", "AVAILABLE", ""),
    ]
    index = json.loads(server.ask("POST", "/v2/repository/index")["body"])
    assert [(each["version"], each["state"]) for each in index] == [("2", "UNAVAILABLE"), ("1", "READY")]
    assert server.ask("GET", "/v1/models/m/versions/1")["statusCode"] == 200
    assert server.ask("GET", "/v2/health/ready")["statusCode"] == 200


def test_the_version_before_is_no_longer_named_once_the_new_one_answers(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.pointers["m"] = Pointer(version=2)
    server.failing["m/2"] = EngineError("damaged")
    server.now[0] = 10
    server.predict(ONE, "m")
    assert len(states(server)) == 2
    del server.failing["m/2"]
    server.now[0] = 20
    assert server.ask("POST", "/v1/models/m:predict", ONE)["headers"]["x-model-version"] == "2"
    assert states(server) == [("2", "AVAILABLE", "")]
    assert server.ask("GET", "/v1/models/m/versions/1")["statusCode"] == 404


def test_metadata_are_those_of_the_version_before_while_the_new_one_is_too_large(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.models["m"][2].memory_bytes = 1 << 40
    server.store.pointers["m"] = Pointer(version=2)
    server.now[0] = 10
    assert server.ask("GET", "/v2/models/m")["headers"]["x-model-version"] == "1"
    assert server.predict(ONE, "m") == TWO
    assert "needs 1099511627776 bytes" in states(server)[0][2]


def test_the_version_before_goes_on_while_the_new_one_is_not_there(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.pointers["m"] = Pointer(version=7)
    server.now[0] = 10
    assert server.predict(ONE, "m") == TWO


def test_a_request_may_be_tried_again_while_the_new_version_is_not_there_and_the_one_before_cannot_be_loaded(
    server: Server,
) -> None:
    server.predict(ONE, "m")
    server.cache.discard(("m", 1, 0))
    server.store.pointers["m"] = Pointer(version=7)
    server.failing["m/1"] = EngineError("damaged")
    server.now[0] = 10
    assert server.predict(ONE, "m")[0] == 503


def test_the_last_pointer_goes_on_while_the_store_cannot_be_read(server: Server) -> None:
    server.predict(ONE, "m")
    server.store.broken = StoreError("the network is down")
    server.now[0] = 10
    assert server.predict(ONE, "m") == TWO
    asked = len(server.store.asked)
    assert server.predict(ONE, "m") == TWO
    assert len(server.store.asked) == asked


def test_a_model_that_never_loaded_is_unavailable_and_says_when_to_ask_again(server: Server) -> None:
    server.failing["m/1"] = EngineError("secret internals")
    for path, body in (("/v1/models/m:predict", ONE), ("/v2/models/m/infer", infer_one())):
        answer = server.ask("POST", path, body)
        assert answer["statusCode"] == 503
        assert answer["headers"]["retry-after"] == "1"
        assert "secret" not in answer["body"]
    assert server.loads == ["m/1"]


def test_a_model_that_cannot_fit_is_refused_before_it_is_loaded_and_rings(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    large: Model = half_plus(2)
    large.memory_bytes = 1000
    server = serve({"m": large}, budget=999)
    for path, body in (("/v1/models/m:predict", ONE), ("/v2/models/m/infer", infer_one())):
        answer = server.ask("POST", path, body)
        assert answer["statusCode"] == 500
        assert "needs 1000 bytes" in json.loads(answer["body"])["error"]
        assert "retry-after" not in answer["headers"]
    assert server.loads == []
    failures = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "LoadFailures" in line]
    assert [(line["Model"], line["LoadFailures"]) for line in failures] == [("m", 1)]


def test_the_store_is_never_asked_for_a_model_that_is_not_served(server: Server) -> None:
    server.predict(ONE, "elsewhere")
    assert "elsewhere" not in server.store.asked


def test_a_version_that_the_pointer_does_not_name_is_not_served(server: Server) -> None:
    server.store.pointers["m"] = Pointer(version=2)
    for method, path in (("GET", ""), ("GET", "/metadata"), ("POST", ":predict")):
        assert server.ask(method, f"/v1/models/m/versions/1{path}", ONE)["statusCode"] == 404
    assert server.ask("GET", "/v2/models/m/versions/1")["statusCode"] == 404
    assert server.loads == []


def test_a_version_that_is_not_there_is_looked_for_once_in_a_while(server: Server) -> None:
    server.store.pointers["m"] = Pointer(version=1, labels={"lost": 9})
    for _ in range(3):
        assert server.ask("GET", "/v1/models/m/versions/9/metadata")["statusCode"] == 404
    assert server.store.asked.count("m") == 2  # the pointer, and version 9


def test_after_a_restore_every_pointer_is_read_again(server: Server) -> None:
    assert server.predict(ONE, "m") == TWO
    server.store.pointers["m"] = Pointer(version=2)
    server.app.repository.restored()
    assert server.predict(ONE, "m") == THREE


def test_a_version_that_takes_longer_to_load_than_a_request_can_wait_is_not_pushed_out_by_the_one_before(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve({"m": {1: half_plus(2), 2: half_plus(3)}}, budget=15)
    server.store.pointers["m"] = Pointer(version=1)
    assert server.predict(ONE, "m") == TWO
    go_on, load = threading.Event(), loading.load

    def slow_load(*arguments: Any) -> LoadedModel:
        go_on.wait(30)
        return load(*arguments)

    monkeypatch.setattr(loading, "load", slow_load)
    server.store.pointers["m"] = Pointer(version=2)
    server.now[0] = 10
    assert server.ask("POST", "/v1/models/m:predict", ONE, milliseconds=600)["statusCode"] == 503
    go_on.set()
    assert server.predict(ONE, "m") == THREE
    assert server.loads == ["m/1", "m/2"]


def test_the_version_that_init_loaded_goes_on_while_the_new_one_cannot_be_loaded(server: Server) -> None:
    server.app.preload()
    server.store.pointers["m"] = Pointer(version=2)
    server.failing["m/2"] = EngineError("damaged")
    server.now[0] = 10
    assert server.predict(ONE, "m") == TWO


def test_versions_that_a_label_has_left_leave_memory(serve: Serve) -> None:
    server = serve({"m": {version: half_plus(version) for version in range(1, 6)}})
    for version in range(2, 6):
        server.store.pointers["m"] = Pointer(version=1, labels={"canary": version})
        server.now[0] += 10
        server.predict(ONE, "m")
        assert server.ask("POST", "/v1/models/m/labels/canary:predict", ONE)["statusCode"] == 200
        assert sorted(server.cache.keys()) == [("m", 1, 0), ("m", version, 0)]


def test_a_model_that_cannot_fit_is_not_ready(serve: Serve) -> None:
    large: Model = half_plus(2)
    large.memory_bytes = 1000
    server = serve({"m": large}, budget=999)
    assert server.ask("GET", "/v2/models/m/ready")["statusCode"] == 503
    assert server.ask("GET", "/v2/health/ready")["statusCode"] == 503
    assert json.loads(server.ask("GET", "/v1/models/m")["body"])["model_version_status"][0]["state"] == "END"


def test_a_label_s_version_that_cannot_be_loaded_leaves_the_model_ready(server: Server) -> None:
    server.failing["m/2"] = EngineError("damaged")
    assert server.predict(ONE, "m") == TWO
    assert server.ask("POST", "/v1/models/m/labels/canary:predict", ONE)["statusCode"] == 503
    assert server.ask("GET", "/v2/health/ready")["statusCode"] == 200


def test_an_unpackaged_version_is_read_until_two_readings_are_the_same(serve: Serve) -> None:
    server = serve({"m": half_plus(2)})
    read, sizes = server.store.manifest, [1, 2]

    def manifest(model: str, version: int) -> Manifest:
        files = (FileEntry(path="model.tflite", size=sizes.pop(0) if sizes else 2, sha256=""),)
        return read(model, version)._replace(fingerprint="", files=files)

    server.store.manifest = manifest  # pyright: ignore[reportAttributeAccessIssue]
    assert server.predict(ONE, "m") == TWO
    for loads in (2, 2, 2):
        server.now[0] += 10
        assert server.predict(ONE, "m") == TWO
        assert len(server.loads) == loads


def states(server: Server) -> list[tuple[str, str, str]]:
    """The version, the state and the message of each version that the status names."""
    found = json.loads(server.ask("GET", "/v1/models/m")["body"])["model_version_status"]
    return [(each["version"], each["state"], each["status"]["error_message"]) for each in found]


def infer_one() -> dict[str, object]:
    return {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1.0]}]}
