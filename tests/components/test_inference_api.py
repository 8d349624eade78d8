import json

import pytest

from components.inference_api import InferenceApi, InferenceApiArgs, model_routes
from components.inference_function import InferenceFunction, InferenceFunctionArgs
from components.model_source import ModelBinding
from tests.recorder import Recorder, deploy

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/handlers@sha256:" + "0" * 64
ROUTE = "aws:apigatewayv2/route:Route"
SERVER_ROUTES = {"ANY /v1/{proxy+}", "ANY /v2", "ANY /v2/{proxy+}"}


class Shelf:
    def binding(self, models: list[str]) -> ModelBinding:
        return ModelBinding(store_uri="file:///shelf")


def make_function(name: str) -> InferenceFunction:
    return InferenceFunction(name, InferenceFunctionArgs(image_uri=IMAGE, handler="h", models=[name], source=Shelf()))


def deploy_multi(**args: object) -> Recorder:
    return deploy(lambda: InferenceApi("api", InferenceApiArgs(server=make_function("all"), **args)))


def deploy_single() -> Recorder:
    def program() -> None:
        functions = {model: make_function(model) for model in ("digits", "iris")}
        InferenceApi("api", InferenceApiArgs(server=functions["digits"], models=functions))

    return deploy(program)


def routes(recorder: Recorder) -> dict[str, str]:
    """The function behind each route."""
    integrations = {
        f"integrations/{each.name}-id": each.inputs["integrationUri"]
        for each in recorder.of("aws:apigatewayv2/integration:Integration")
    }
    return {
        each.inputs["routeKey"]: integrations[each.inputs["target"]].split("function:")[1]
        for each in recorder.of(ROUTE)
    }


def test_one_function_for_all_models_answers_every_route():
    assert routes(deploy_multi()) == dict.fromkeys(SERVER_ROUTES, "all-1234567:live/invocations")


def test_a_model_with_a_function_of_its_own_has_its_routes_in_both_dialects():
    assert set(model_routes("iris")) == {
        "POST /v1/models/iris:predict",
        "POST /v1/models/iris:classify",
        "POST /v1/models/iris:regress",
        "ANY /v1/models/iris",
        "ANY /v1/models/iris/{proxy+}",
        "ANY /v2/models/iris",
        "ANY /v2/models/iris/{proxy+}",
    }
    assert {routes(deploy_single())[route] for route in model_routes("iris")} == {"iris-1234567:live/invocations"}


def test_what_concerns_no_model_goes_to_the_first_function():
    found = routes(deploy_single())
    assert {found[route] for route in SERVER_ROUTES} == {"digits-1234567:live/invocations"}
    assert len(found) == len(SERVER_ROUTES) + 2 * 7


def test_a_model_may_be_called_what_an_integration_is_called():
    def program() -> None:
        functions = {model: make_function(model) for model in ("models", "server")}
        InferenceApi("api", InferenceApiArgs(server=functions["models"], models=functions))

    assert routes(deploy(program))["ANY /v1/models/server"] == "server-1234567:live/invocations"


def test_every_route_asks_for_a_signature_by_default():
    assert {each.inputs["authorizationType"] for each in deploy_multi().of(ROUTE)} == {"AWS_IAM"}


def test_everyone_may_call_only_where_it_is_written():
    assert {each.inputs["authorizationType"] for each in deploy_multi(auth="none").of(ROUTE)} == {"NONE"}


def test_an_authorisation_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="auth is 'basic'; allowed are iam and none"):
        deploy_multi(auth="basic")


def test_functions_get_the_whole_event_and_as_long_as_the_api_waits():
    integration = deploy_multi().one("aws:apigatewayv2/integration:Integration").inputs
    assert integration["integrationType"] == "AWS_PROXY"
    assert integration["payloadFormatVersion"] == "2.0"
    assert integration["timeoutMilliseconds"] == 30_000


def test_the_api_may_invoke_each_functions_alias_and_nobody_elses_api_may():
    for permission in deploy_single().of("aws:lambda/permission:Permission"):
        assert permission.inputs["qualifier"] == "live"
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["sourceArn"] == "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/*/*"


def test_each_function_has_one_integration_and_one_permission():
    recorder = deploy_single()
    assert len(recorder.of("aws:apigatewayv2/integration:Integration")) == 2
    assert len(recorder.of("aws:lambda/permission:Permission")) == 2


def test_the_stage_is_the_default_one_so_that_paths_have_no_prefix():
    stage = deploy_multi().one("aws:apigatewayv2/stage:Stage").inputs
    assert (stage["name"], stage["autoDeploy"]) == ("$default", True)


def test_the_stage_is_throttled():
    settings = deploy_multi(throttling_burst=7, throttling_rate=3.5).one("aws:apigatewayv2/stage:Stage")
    assert settings.inputs["defaultRouteSettings"] == {
        "throttlingBurstLimit": 7,
        "throttlingRateLimit": 3.5,
        "detailedMetricsEnabled": True,
    }


def test_the_stage_is_deployed_with_every_route():
    recorder = deploy_single()
    stage = recorder.one("aws:apigatewayv2/stage:Stage")
    assert {each.urn for each in recorder.of(ROUTE)} <= stage.dependencies


def test_the_access_log_is_json_and_kept_for_a_time():
    recorder = deploy_multi(log_retention_days=7)
    log = recorder.named("api-access").inputs
    written = recorder.one("aws:apigatewayv2/stage:Stage").inputs["accessLogSettings"]
    assert log["retentionInDays"] == 7
    assert written["destinationArn"].endswith(":log-group:/aws/vendedlogs/api-1234567")
    assert json.loads(written["format"])["status"] == "$context.status"


def test_outputs_are_registered():
    outputs = deploy_multi().one("tensorflow-lambda:index:InferenceApi").outputs
    assert outputs == {
        "url": "https://abcdefghij.execute-api.eu-central-1.amazonaws.com",
        "api_id": "api-id",
        "log_group_name": "/aws/vendedlogs/api-1234567",
    }
