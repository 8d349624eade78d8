import json
import logging
from typing import Any

import pytest

from components.api.api_access import JwtAccess, LambdaAccess
from components.api.cors import Cors
from components.api.rest_api import RestApi, RestApiArgs
from policy.invariants import breaches
from tests.components.api.behind import in_front_of_each, in_front_of_one
from tests.recorder import WEB_ACL, Recorder, deploy, refuse_resources

PAGE, OTHER = "https://app.example.com", "https://admin.example.com:8443"
AUTHORIZER = "arn:aws-cn:lambda:cn-north-1:210987654321:function:admit"
API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"


OWN = {"timeout_seconds", "web_acl_arn", "api_key_required", "tracing", "cors"}
"""Arguments that an HTTP API does not take."""


def deploy_multi(**args: object) -> Recorder:
    own = {name: value for name, value in args.items() if name in OWN}
    shared = {name: value for name, value in args.items() if name not in OWN}
    return deploy(lambda: RestApi("api", RestApiArgs(shared=in_front_of_one(**shared), **own)))


def deploy_single() -> Recorder:
    return deploy(lambda: RestApi("api", RestApiArgs(shared=in_front_of_each("digits", "iris"))))


def document(recorder: Recorder) -> dict[str, Any]:
    return json.loads(recorder.one(API).inputs["body"])


def methods(recorder: Recorder) -> dict[str, dict[str, Any]]:
    """The one method of each path, which stands for all."""
    return {path: each["x-amazon-apigateway-any-method"] for path, each in document(recorder)["paths"].items()}


def functions(recorder: Recorder) -> dict[str, str]:
    """The function behind each path."""
    integrations = {path: each["x-amazon-apigateway-integration"] for path, each in methods(recorder).items()}
    assert {each["type"] for each in integrations.values()} == {"aws_proxy"}
    return {path: each["uri"].split("function:")[1].split("-")[0] for path, each in integrations.items()}


def test_one_function_for_all_models_answers_every_path():
    assert set(functions(deploy_multi()).values()) == {"all"}


def test_a_model_with_a_function_of_its_own_has_its_paths_in_both_dialects():
    found = functions(deploy_single())
    assert {path for path, function in found.items() if function == "iris"} == {
        "/v1/models/iris",
        "/v1/models/iris:predict",
        "/v1/models/iris/{proxy+}",
        "/v2/models/iris",
        "/v2/models/iris/{proxy+}",
    }


def test_what_concerns_no_model_reaches_the_first_function_beside_every_path_that_is_spelt_out():
    found = functions(deploy_single())
    server = {"/v1/{proxy+}", "/v1/models", "/v1/models/{proxy+}", "/v2", "/v2/{proxy+}"}
    assert {found[path] for path in server | {"/v2/models", "/v2/models/{proxy+}"}} == {"digits"}


def test_a_greedy_path_declares_its_parameter_and_no_other_path_has_one():
    for path, method in methods(deploy_single()).items():
        assert [each["name"] for each in method["parameters"]] == (["proxy"] if "{proxy+}" in path else [])


def test_every_path_asks_for_a_signature_by_default():
    recorder = deploy_multi()
    schemes = document(recorder)["components"]["securitySchemes"]
    assert schemes["signature"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert {json.dumps(method["security"]) for method in methods(recorder).values()} == {'[{"signature": []}]'}


def test_everyone_may_call_only_where_it_is_written():
    recorder = deploy_multi(auth="none")
    assert document(recorder)["components"]["securitySchemes"] == {}
    assert {json.dumps(method["security"]) for method in methods(recorder).values()} == {"[]"}


def test_health_is_open_to_everyone_where_the_stack_says_so():
    found = methods(deploy_multi(open_health_checks=True, api_key_required=True))
    assert {path for path, method in found.items() if not method["security"]} == {"/v2/health/live", "/v2/health/ready"}


def test_a_function_of_ones_own_may_decide_by_a_policy():
    recorder = deploy_multi(auth=LambdaAccess(function_arn=AUTHORIZER, cache_seconds=60))
    scheme = document(recorder)["components"]["securitySchemes"]["authorizer"]
    assert scheme["x-amazon-apigateway-authorizer"] == {
        "type": "request",
        "authorizerUri": f"arn:aws-cn:apigateway:cn-north-1:lambda:path/2015-03-31/functions/{AUTHORIZER}/invocations",
        "identitySource": "method.request.header.Authorization",
        "authorizerResultTtlInSeconds": 60,
    }
    permission = recorder.named("api-permission-to-authorize")
    assert permission.inputs["sourceArn"].endswith(":abcdefghij/authorizers/*")
    assert permission.urn in recorder.one("aws:apigateway/deployment:Deployment").dependencies


def test_tokens_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="a REST API has no JWT authorizer; use HttpApi, or LambdaAccess"):
        deploy_multi(auth=JwtAccess(issuer="https://login.example.com", audience=["models"]))


def test_what_the_api_itself_answers_reads_like_what_functions_answer():
    responses = document(deploy_multi())["x-amazon-apigateway-gateway-responses"]
    assert set(responses) == {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE"}
    too_large = responses.pop("REQUEST_TOO_LARGE")["responseTemplates"]["application/json"]
    assert "Send fewer instances in one request, or binary tensors" in json.loads(too_large)["error"]
    for each in responses.values():
        template = each["responseTemplates"]["application/json"]
        assert json.loads(template.replace("$context.error.messageString", '"Forbidden"')) == {"error": "Forbidden"}


def preflights(cors: Cors, **args: object) -> list[dict[str, Any]]:
    """The method OPTIONS of each path."""
    return [each["options"] for each in document(deploy_multi(cors=cors, **args))["paths"].values()]


def answers(method: dict[str, Any]) -> dict[str, Any]:
    return method["x-amazon-apigateway-integration"]["responses"]["default"]


def test_no_page_of_another_site_may_call_unless_it_is_named():
    found = document(deploy_multi())
    assert all([*each] == ["x-amazon-apigateway-any-method"] for each in found["paths"].values())
    assert all("responseParameters" not in each for each in found["x-amazon-apigateway-gateway-responses"].values())


@pytest.mark.parametrize("args", [{}, {"auth": LambdaAccess(function_arn=AUTHORIZER)}, {"api_key_required": True}])
def test_preflight_requests_are_answered_without_authorisation_and_without_a_function(args: dict[str, object]):
    for method in preflights(Cors(origins=[PAGE]), **args):
        assert method["security"] == []
        integration = method["x-amazon-apigateway-integration"]
        assert (integration["type"], "uri" in integration) == ("mock", False)


def test_a_mock_reads_its_template_though_every_media_type_is_binary():
    for method in preflights(Cors(origins=[PAGE])):
        integration = method["x-amazon-apigateway-integration"]
        assert integration["contentHandling"] == answers(method)["contentHandling"] == "CONVERT_TO_TEXT"
        assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 204}


def test_pages_learn_what_an_http_api_tells_them():
    method, *_ = preflights(Cors(origins=[PAGE], headers=["x-tenant"], credentials=True))
    mapped = answers(method)["responseParameters"]
    headers = {name.removeprefix("method.response.header."): value.strip("'") for name, value in mapped.items()}
    allowed = headers.pop("Access-Control-Allow-Headers").split(",")
    assert {"authorization", "content-type", "x-tenant"} <= {*allowed}
    assert headers == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Max-Age": "3600",
        "Access-Control-Allow-Credentials": "true",
    }
    assert method["responses"]["204"]["headers"].keys() == {*headers, "Access-Control-Allow-Headers"}


def test_of_several_origins_a_template_chooses_the_pages_own():
    assert all("responseTemplates" not in answers(method) for method in preflights(Cors(origins=["*"])))
    for method in preflights(Cors(origins=[PAGE, OTHER])):
        template = answers(method)["responseTemplates"]["application/json"]
        assert f'#set($context.responseOverride.header.Access-Control-Allow-Origin = "{OTHER}")' in template
        assert answers(method)["responseParameters"]["method.response.header.Vary"] == "'Origin'"


@pytest.mark.parametrize(
    ("cors", "headers"),
    [
        (Cors(origins=["*"]), {"Access-Control-Allow-Origin": "'*'"}),
        (
            Cors(origins=[PAGE], credentials=True),
            {"Access-Control-Allow-Origin": f"'{PAGE}'", "Access-Control-Allow-Credentials": "'true'"},
        ),
        (
            Cors(origins=[PAGE, OTHER], credentials=True),
            {"Access-Control-Allow-Origin": "method.request.header.Origin", "Vary": "'Origin'"},
        ),
    ],
)
def test_pages_may_read_what_the_api_itself_answers(cors: Cors, headers: dict[str, str]):
    responses = document(deploy_multi(cors=cors))["x-amazon-apigateway-gateway-responses"]
    for each in responses.values():
        assert each["responseParameters"] == {
            f"gatewayresponse.header.{name}": value for name, value in headers.items()
        }


def test_binary_tensors_pass_in_both_directions():
    assert deploy_multi().one(API).inputs["binaryMediaTypes"] == ["*/*"]


def test_the_api_is_regional():
    assert deploy_multi().one(API).inputs["endpointConfiguration"] == {"types": "REGIONAL"}


def test_the_api_waits_as_long_as_it_is_told():
    def waits(**args: object) -> set[int]:
        found = methods(deploy_multi(**args)).values()
        return {method["x-amazon-apigateway-integration"]["timeoutInMillis"] for method in found}

    assert waits() == {29_000}
    assert waits(timeout_seconds=120) == {120_000}


@pytest.mark.parametrize("seconds", [0, 301])
def test_a_wait_that_no_rest_api_allows_is_refused(seconds: int):
    with pytest.raises(ValueError, match=f"timeout_seconds is {seconds}; a REST API waits 1 to 300 seconds"):
        deploy_multi(timeout_seconds=seconds)


def test_the_api_may_invoke_each_functions_alias_and_nobody_elses_api_may():
    permissions = deploy_single().of("aws:lambda/permission:Permission")
    assert len(permissions) == 2
    for permission in permissions:
        assert permission.inputs["qualifier"] == "live"
        assert permission.inputs["sourceArn"] == "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/*/*"


def test_a_change_of_the_paths_is_deployed():
    def trigger(recorder: Recorder) -> str:
        return recorder.one("aws:apigateway/deployment:Deployment").inputs["triggers"]["document"]

    assert trigger(deploy_multi()) == trigger(deploy_multi())
    assert trigger(deploy_multi()) != trigger(deploy_multi(timeout_seconds=20))
    assert trigger(deploy_multi()) != trigger(deploy_single())


def test_the_stage_logs_and_is_throttled():
    recorder = deploy_multi(throttling_burst=7, throttling_rate=3.5, log_retention_days=7)
    written = recorder.one(STAGE).inputs["accessLogSettings"]
    assert written["destinationArn"].endswith(":log-group:/aws/vendedlogs/api-1234567")
    assert json.loads(written["format"])["integrationStatus"] == "$context.integration.status"
    assert recorder.named("api-access").inputs["retentionInDays"] == 7
    limits = recorder.one("aws:apigateway/methodSettings:MethodSettings").inputs
    assert limits["methodPath"] == "*/*"
    assert limits["settings"] == {"throttlingBurstLimit": 7, "throttlingRateLimit": 3.5, "metricsEnabled": False}


def test_nothing_of_the_whole_account_is_touched():
    assert not deploy_multi().of("aws:apigateway/account:Account")


def test_a_web_acl_guards_the_stage():
    association = deploy_multi(web_acl_arn=WEB_ACL).one("aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert association["webAclArn"] == WEB_ACL
    assert association["resourceArn"] == "arn:aws:apigateway:eu-central-1::/restapis/api-id/stages/live"


def test_an_api_key_is_asked_for_beside_the_signature():
    recorder = deploy_multi(api_key_required=True)
    assert document(recorder)["components"]["securitySchemes"]["api_key"]["name"] == "x-api-key"
    assert {json.dumps(method["security"]) for method in methods(recorder).values()} == {
        '[{"signature": [], "api_key": []}]'
    }
    plan = recorder.one("aws:apigateway/usagePlan:UsagePlan").inputs
    assert plan["apiStages"] == [{"apiId": "api-id", "stage": "live"}]
    assert plan["throttleSettings"] == {"burstLimit": 200, "rateLimit": 100}
    joined = recorder.one("aws:apigateway/usagePlanKey:UsagePlanKey").inputs
    assert (joined["keyId"], joined["usagePlanId"]) == ("api-key-id", "api-plan-id")


def test_x_ray_traces_only_where_it_is_asked_to():
    assert deploy_multi().one(STAGE).inputs["xrayTracingEnabled"] is False
    assert deploy_multi(tracing=True).one(STAGE).inputs["xrayTracingEnabled"] is True


def test_an_api_with_a_domain_name_answers_under_no_other():
    assert deploy_multi(host_name_of_aws=False).one(API).inputs["disableExecuteApiEndpoint"] is True
    assert deploy_multi().one(API).inputs["disableExecuteApiEndpoint"] is False


def test_a_host_name_that_is_switched_off_or_on_calls_for_a_deployment():
    on, off = (
        deploy_multi(host_name_of_aws=answers).one("aws:apigateway/deployment:Deployment").inputs["triggers"]
        for answers in (True, False)
    )
    assert on != off
    assert on["document"] == off["document"]


def test_another_web_acl_takes_the_place_of_the_old_one_only_when_that_is_gone():
    association = deploy_multi(web_acl_arn=WEB_ACL).one("aws:wafv2/webAclAssociation:WebAclAssociation")
    assert association.delete_before_replace


def test_outputs_are_those_of_the_http_api():
    assert deploy_multi().one("tensorflow-lambda:index:RestApi").outputs == {
        "url": "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/live",
        "api_id": "api-id",
        "stage_name": "live",
        "log_group_name": "/aws/vendedlogs/api-1234567",
        "requests_arn": "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/live/*",
    }


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"auth": "none", "api_key_required": True, "tracing": True},
        {"cors": Cors(origins=[PAGE, OTHER])},
        {
            "auth": LambdaAccess(function_arn=AUTHORIZER),
            "host_name_of_aws": False,
        },
    ],
)
def test_every_invariant_holds(args: dict[str, object]):
    registered = deploy_multi(**args).registered
    assert [breach for each in registered for breach in breaches(each.type, each.name, each.inputs)] == []


def test_a_stage_that_an_account_without_the_role_for_logs_refuses_is_explained(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    reason = "BadRequestException: CloudWatch Logs role ARN must be set in account settings to enable"
    refuse_resources(monkeypatch, lambda asked: reason if asked.typ == STAGE else None)
    with caplog.at_level(logging.ERROR), pytest.raises(Exception, match="BadRequestException"):
        deploy_multi()
    assert "docs/permissions.md has the three commands" in caplog.text
