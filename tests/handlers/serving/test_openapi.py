"""The OpenAPI document: whole, and with examples that are answered when they are sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handlers.manifest import Manifest, Signature, TensorSpec
from handlers.serving.app import App
from handlers.serving.dialects.openapi_schemas import infer_schema, predict_schema
from handlers.serving.start import open_app
from tests.handlers.serving.conftest import Context


@pytest.fixture(scope="module")
def app(repository: Path) -> App:
    return open_app({"MODEL_STORE_URI": repository.as_uri(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"})


def ask(app: App, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    event = {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method}, "stage": "$default"},
    } | ({} if body is None else {"body": json.dumps(body)})
    answer = app.handle(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture(scope="module")
def document(app: App) -> Any:
    status, document = ask(app, "GET", "/openapi.json")
    assert status == 200
    return document


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def test_every_model_has_its_paths_in_both_dialects(document, repository):
    for model in (path.name for path in repository.iterdir()):
        assert f"/v1/models/{model}:predict" in document["paths"]
        assert f"/v2/models/{model}/infer" in document["paths"]
    assert document["openapi"] == "3.1.0"
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(identifiers)) == len(identifiers)


def test_every_operation_is_there_and_answers_as_documented(app, document):
    for path, method, operation in operations(document):
        if method == "GET":
            status, _ = ask(app, method, path)
            assert status == 200, path
        status, answer = ask(app, "PUT", path)
        assert status in (400, 405)
        assert answer["error"]
        assert {"200", "400", "404", "413", "500", "503"} <= operation["responses"].keys()


def test_every_example_is_answered_when_it_is_sent(app, document):
    sent = 0
    for path, method, operation in operations(document):
        if method != "POST":
            continue
        for name, example in operation["requestBody"]["content"]["application/json"]["examples"].items():
            status, answer = ask(app, method, path, example["value"])
            assert status == 200, (path, name, answer)
            sent += 1
    # Five models in three dialects, a second signature in two of them, and the index.
    # Five models in two dialects, a second signature in one of them, and the index.
    assert sent == 12


def test_a_server_of_one_model_has_sagemakers_paths_too(repository):
    one = {"MODEL_STORE_URI": repository.as_uri(), "MODEL_NAMES": "iris", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
    app = open_app(one)
    _, document = ask(app, "GET", "/openapi.json")
    assert {"/ping", "/invocations"} <= document["paths"].keys()
    body = document["paths"]["/invocations"]["post"]["requestBody"]
    example = body["content"]["application/json"]["examples"]["serving_default"]["value"]
    assert ask(app, "POST", "/invocations", example)[0] == 200


def test_a_function_of_one_model_refers_to_the_documents_of_the_other_models(repository):
    stored = {"MODEL_STORE_URI": repository.as_uri(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769"}
    server = open_app({**stored, "MODEL_NAMES": "iris", "LISTED_MODELS": "iris,digits"})
    _, document = ask(server, "GET", "/openapi.json")
    assert "/invocations" not in document["paths"]
    referred = {path: item["$ref"] for path, item in document["paths"].items() if "$ref" in item}
    other = open_app({**stored, "MODEL_NAMES": "digits"})
    status, own = ask(other, "GET", "/v2/models/digits/openapi.json")
    assert status == 200
    assert own["servers"] == [{"url": "../../.."}]
    assert {ref.split("#/paths/")[1].replace("~1", "/") for ref in referred.values()} == own["paths"].keys()
    assert referred.keys() == own["paths"].keys()
    assert {ref.split("#")[0] for ref in referred.values()} == {"v2/models/digits/openapi.json"}


def test_a_document_of_one_version_is_not_served(app):
    assert ask(app, "GET", "/v2/models/iris/versions/1/openapi.json")[0] == 404


def test_a_schema_has_the_shapes_of_the_signature(document):
    body = document["paths"]["/v1/models/iris:predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    row = body["properties"]["instances"]["items"]["anyOf"][1]
    number = {"type": "number", "minimum": -3.4028235e38, "maximum": 3.4028235e38}
    assert np.float32(3.4028235e38) == np.finfo(np.float32).max
    assert row == {"type": "array", "items": number, "minItems": 4, "maxItems": 4}


def test_a_schema_has_the_name_the_datatype_and_the_shape_of_each_tensor(document):
    body = document["paths"]["/v2/models/iris/infer"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    [tensor] = body["properties"]["inputs"]["items"]["anyOf"]
    assert tensor["properties"]["name"] == {"const": "features"}
    assert tensor["properties"]["datatype"] == {"const": "FP32"}
    assert tensor["properties"]["shape"]["prefixItems"] == [{"type": "integer", "minimum": 0}, {"const": 4}]


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint64"])
def test_a_schema_has_the_range_of_each_integer(dtype):
    spec = TensorSpec(dtype, (-1,))
    manifest = Manifest("m", 1, {"serving_default": Signature({"x": spec}, {"y": spec})}, (), ())
    column = predict_schema(manifest)["properties"]["inputs"]["anyOf"][1]
    range_ = np.iinfo(dtype)
    assert column["items"] == {"type": "integer", "minimum": int(range_.min), "maximum": int(range_.max)}


def test_the_document_is_only_read(app):
    status, answer = ask(app, "POST", "/openapi.json", {})
    assert (status, answer) == (405, {"error": "POST is not allowed for /openapi.json; allowed is GET"})


def test_a_scalar_and_a_signature_without_inputs_have_schemas_without_empty_lists():
    scalar = Manifest("m", 1, {"serving_default": Signature({"x": TensorSpec("float32", ())}, {})}, (), ())
    [tensor] = infer_schema(scalar)["properties"]["inputs"]["items"]["anyOf"]
    assert tensor["properties"]["shape"] == {"type": "array", "minItems": 0, "maxItems": 0}
    nothing = Manifest("m", 1, {"serving_default": Signature({}, {})}, (), ())
    assert infer_schema(nothing)["properties"]["inputs"] == {"type": "array", "minItems": 0, "maxItems": 0}
