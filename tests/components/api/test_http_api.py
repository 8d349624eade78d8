import json
import logging
from typing import Any

import pytest

from components.api.access_log import access_log_format
from components.api.api_access import JwtAccess, LambdaAccess
from components.api.api_routes import http_routes
from components.api.cors import ALLOWED_HEADERS, Cors
from components.api.http_api import HttpApi, HttpApiArgs
from tests.components.api.behind import in_front_of_each, in_front_of_one
from tests.recorder import Recorder, deploy, refuse_resources

ROUTE = "aws:apigatewayv2/route:Route"
SERVER_ROUTES = {"ANY /", "ANY /openapi.json", "ANY /v1/{proxy+}", "ANY /v2", "ANY /v2/{proxy+}"}


def deploy_multi(*, cors: Cors | None = None, **shared: object) -> Recorder:
    return deploy(lambda: HttpApi("api", HttpApiArgs(shared=in_front_of_one(**shared), cors=cors)))


def deploy_single(*models: str, **shared: object) -> Recorder:
    return deploy(lambda: HttpApi("api", HttpApiArgs(shared=in_front_of_each(*models, **shared))))


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
    found = routes(deploy_single("digits", "iris"))
    assert {route for route in found if found[route].startswith("iris")} == {
        "ANY /v1/models/iris:predict",
        "ANY /v1/models/iris",
        "ANY /v1/models/iris/{proxy+}",
        "ANY /v2/models/iris",
        "ANY /v2/models/iris/{proxy+}",
    }


def test_what_concerns_no_model_goes_to_the_first_function():
    found = routes(deploy_single("digits", "iris"))
    assert {found[route] for route in SERVER_ROUTES} == {"digits-1234567:live/invocations"}
    assert len(found) == len(SERVER_ROUTES) + 2 * 5


def test_a_model_has_a_route_for_each_of_its_verbs():
    found = routes(deploy_single("digits", "iris", verbs={"iris": ("predict", "classify")}))
    assert {route for route in found if ":" in route} == {
        "ANY /v1/models/digits:predict",
        "ANY /v1/models/iris:predict",
        "ANY /v1/models/iris:classify",
    }


def test_a_model_may_be_called_what_an_integration_is_called():
    assert routes(deploy_single("models", "server"))["ANY /v1/models/server"] == "server-1234567:live/invocations"


def test_every_route_asks_for_a_signature_by_default():
    assert {each.inputs["authorizationType"] for each in deploy_multi().of(ROUTE)} == {"AWS_IAM"}


def test_everyone_may_call_only_where_it_is_written():
    assert {each.inputs["authorizationType"] for each in deploy_multi(auth="none").of(ROUTE)} == {"NONE"}


def test_an_authorisation_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="auth is 'basic'; allowed are 'iam', 'none', JwtAccess"):
        deploy_multi(auth="basic")


@pytest.mark.parametrize("cors", [None, Cors(origins=["*"])])
def test_health_is_open_to_everyone_where_the_stack_says_so(cors: Cors | None):
    routes = deploy_multi(cors=cors, auth=JWT, open_health_checks=True).of(ROUTE)
    by_path: dict[str, set[str]] = {}
    for route in routes:
        by_path.setdefault(route.inputs["routeKey"].split()[1], set()).add(route.inputs["authorizationType"])
    assert {path for path, kinds in by_path.items() if kinds == {"NONE"}} == {"/v2/health/live", "/v2/health/ready"}
    assert by_path["/v2/{proxy+}"] == {"JWT"}
    assert len(routes) == http_routes({}, cors=cors is not None, one_model=False, page=True, health=True)


def test_the_access_log_says_who_was_refused_and_which_invocation_answered():
    line = json.loads(access_log_format("http"))
    assert line["authorizerError"] == "$context.authorizer.error"
    assert line["subject"] == "$context.authorizer.claims.sub"
    assert line["callerArn"] == "$context.identity.userArn"
    assert line["functionRequestId"] == "$context.integration.requestId"


JWT = JwtAccess(issuer="https://login.example.com", audience=["models"], scopes=["predict"])
AUTHORIZER = "arn:aws:lambda:eu-west-1:210987654321:function:admit"


def test_holders_of_a_token_may_call_where_an_issuer_is_named():
    recorder = deploy_multi(auth=JWT)
    authorizer = recorder.one("aws:apigatewayv2/authorizer:Authorizer")
    assert authorizer.inputs["authorizerType"] == "JWT"
    assert authorizer.inputs["jwtConfiguration"] == {"issuer": "https://login.example.com", "audiences": ["models"]}
    assert authorizer.inputs["identitySources"] == ["$request.header.Authorization"]
    for route in recorder.of(ROUTE):
        assert route.inputs["authorizationType"] == "JWT"
        assert route.inputs["authorizerId"] == "api-jwt-authorizer-id"
        assert route.inputs["authorizationScopes"] == ["predict"]


def test_a_token_needs_no_scope_unless_one_is_named():
    recorder = deploy_multi(auth=JwtAccess(issuer="https://login.example.com", audience=["models"]))
    assert not any("authorizationScopes" in route.inputs for route in recorder.of(ROUTE))


def test_a_token_for_any_audience_is_refused():
    with pytest.raises(ValueError, match="a token for any other service would be let in"):
        JwtAccess(issuer="https://login.example.com", audience=[])


def test_a_function_of_ones_own_may_decide_and_is_asked_about_each_request():
    recorder = deploy_multi(auth=LambdaAccess(function_arn=AUTHORIZER))
    authorizer = recorder.one("aws:apigatewayv2/authorizer:Authorizer").inputs
    assert authorizer["authorizerType"] == "REQUEST"
    assert authorizer["authorizerUri"] == (
        f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{AUTHORIZER}/invocations"
    )
    assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["enableSimpleResponses"] is True
    assert authorizer["authorizerResultTtlInSeconds"] == 0
    assert {route.inputs["authorizationType"] for route in recorder.of(ROUTE)} == {"CUSTOM"}


@pytest.mark.parametrize(("qualifier", "granted"), [("", None), (":prod", "prod")])
def test_only_the_apis_authorizers_may_ask_that_function(qualifier: str, granted: str | None):
    recorder = deploy_multi(auth=LambdaAccess(function_arn=AUTHORIZER + qualifier))
    permission = recorder.named("api-permission-to-authorize").inputs
    assert permission["function"] == AUTHORIZER
    assert permission.get("qualifier") == granted
    assert permission["sourceArn"] == "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/authorizers/*"


def test_a_model_may_be_called_authorizer():
    recorder = deploy_single("authorizer", auth=LambdaAccess(function_arn=AUTHORIZER))
    urns = [each.urn for each in recorder.of("aws:lambda/permission:Permission")]
    assert len(urns) == len(set(urns)) == 2


def test_no_other_sites_page_may_call_unless_it_is_named():
    assert "corsConfiguration" not in deploy_multi().one("aws:apigatewayv2/api:Api").inputs


def test_pages_that_are_named_may_call_and_send_what_the_dialects_read():
    cors = (
        deploy_multi(cors=Cors(origins=["https://app.example.com"]))
        .one("aws:apigatewayv2/api:Api")
        .inputs["corsConfiguration"]
    )
    assert cors["allowOrigins"] == ["https://app.example.com"]
    assert cors["allowMethods"] == ["GET", "POST"]
    assert not cors["allowCredentials"]
    assert {"authorization", "content-type", "inference-header-content-length"} <= set(cors["allowHeaders"])
    assert "inference-header-content-length" in cors["exposeHeaders"]


def test_a_preflight_request_reaches_no_route_and_so_no_function():
    recorder = deploy_multi(auth=JWT, cors=Cors(origins=["*"]))
    by_method: dict[str, set[str]] = {}
    for route in recorder.of(ROUTE):
        method = route.inputs["routeKey"].split()[0]
        by_method.setdefault(method, set()).add(route.inputs["authorizationType"])
    assert by_method == {"GET": {"JWT"}, "POST": {"JWT"}}
    assert len(recorder.of(ROUTE)) == 2 * len(SERVER_ROUTES)


def test_pages_may_send_further_headers_that_are_named():
    recorder = deploy_multi(cors=Cors(origins=["https://app.example.com"], headers=["x-tenant", "content-type"]))
    allowed = recorder.one("aws:apigatewayv2/api:Api").inputs["corsConfiguration"]["allowHeaders"]
    assert sorted({*ALLOWED_HEADERS, "x-tenant"}) == allowed


def test_credentials_for_every_page_are_refused():
    with pytest.raises(ValueError, match="which browsers refuse; name the origins"):
        Cors(origins=["*"], credentials=True)


def test_pages_without_a_name_are_refused():
    with pytest.raises(ValueError, match="origins is empty"):
        Cors(origins=[])


def test_an_api_with_a_domain_name_answers_under_no_other():
    def disabled(**shared: object) -> bool:
        return deploy_multi(**shared).one("aws:apigatewayv2/api:Api").inputs["disableExecuteApiEndpoint"]

    assert disabled(host_name_of_aws=False) is True
    assert disabled() is False


def test_functions_get_the_whole_event_and_as_long_as_the_api_waits():
    integration = deploy_multi().one("aws:apigatewayv2/integration:Integration").inputs
    assert integration["integrationType"] == "AWS_PROXY"
    assert integration["payloadFormatVersion"] == "2.0"
    assert integration["timeoutMilliseconds"] == 30_000


def test_the_api_may_invoke_each_functions_alias_and_nobody_elses_api_may():
    for permission in deploy_single("digits", "iris").of("aws:lambda/permission:Permission"):
        assert permission.inputs["qualifier"] == "live"
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["sourceArn"] == "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/*/*"


def test_each_function_has_one_integration_and_one_permission():
    recorder = deploy_single("digits", "iris")
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
    }


def test_the_stage_waits_for_the_servers_routes_however_many_models_there_are():
    recorder = deploy_single("digits", "iris")
    stage = recorder.one("aws:apigatewayv2/stage:Stage")
    waited_for = {each.inputs["routeKey"] for each in recorder.of(ROUTE) if each.urn in stage.dependencies}
    assert waited_for == SERVER_ROUTES


def test_a_route_waits_until_the_api_may_invoke_its_function():
    recorder = deploy_single("digits", "iris")
    for route in recorder.of(ROUTE):
        model = "iris" if "/iris" in route.inputs["routeKey"] else "digits"
        assert recorder.named(f"api-{model}-permission").urn in route.dependencies
        assert recorder.named(f"{model}-live").urn in recorder.waits_for(route)


def test_the_stage_and_every_route_wait_until_the_api_may_invoke_the_function_that_decides():
    recorder = deploy_multi(auth=LambdaAccess(function_arn=AUTHORIZER))
    permitted = recorder.named("api-permission-to-authorize").urn
    assert permitted in recorder.waits_for(recorder.one("aws:apigatewayv2/stage:Stage"))
    assert all(permitted in route.dependencies for route in recorder.of(ROUTE))


def test_the_access_log_is_json_and_kept_for_a_time():
    recorder = deploy_multi(log_retention_days=7)
    log = recorder.named("api-access").inputs
    written = recorder.one("aws:apigatewayv2/stage:Stage").inputs["accessLogSettings"]
    assert log["retentionInDays"] == 7
    assert written["destinationArn"].endswith(":log-group:/aws/vendedlogs/api-1234567")
    assert json.loads(written["format"])["status"] == "$context.status"


def test_outputs_are_registered():
    outputs = deploy_multi().one("tensorflow-lambda:index:HttpApi").outputs
    assert outputs == {
        "url": "https://abcdefghij.execute-api.eu-central-1.amazonaws.com",
        "api_id": "api-id",
        "stage_name": "$default",
        "log_group_name": "/aws/vendedlogs/api-1234567",
        "requests_arn": "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/$default/*",
    }


def test_a_refused_route_with_a_colon_is_explained(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    reason = "creating API Gateway v2 Route: CreateRoute, BadRequestException: an invalid route key"
    refuse_resources(monkeypatch, lambda asked: reason if ":" in asked.inputs.get("routeKey", "") else None)
    with caplog.at_level(logging.ERROR), pytest.raises(Exception, match="BadRequestException"):
        deploy_single("iris")
    assert "`pulumi config set mode multi`" in caplog.text
    assert routes(deploy_multi())


def test_only_an_api_with_routes_with_colons_registers_their_explanation(monkeypatch: pytest.MonkeyPatch):
    registered: list[str] = []
    register = Recorder.RegisterErrorHook

    def note(self: Recorder, request: Any) -> Any:
        registered.append(request.name)
        return register(self, request)

    monkeypatch.setattr(Recorder, "RegisterErrorHook", note)
    deploy_multi()
    assert registered == []
    deploy_single("iris")
    assert registered == ["api-route-explained"]
