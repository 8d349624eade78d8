"""The whole real program with each kind of API: what stands in front of the functions is a setting."""

import json
import runpy
from pathlib import Path

import pytest

from policy.invariants import breaches
from tests.packaged import as_configuration, package
from tests.paths import PROJECT
from tests.recorder import IMAGE, WEB_ACL, Recorder, deploy

AUTHORIZER = {"auth": "lambda", "authorizerArn": "arn:aws:lambda:eu-central-1:123456789012:function:admit"}
DOMAIN = {
    "domainName": "models.example.com",
    "certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b",
    "hostedZoneId": "Z0123456789",
}

VARIANTS: dict[str, dict[str, object]] = {
    "http, signed": {},
    "http, open to pages": {"auth": "none", "corsOrigins": ["*"]},
    "http, by token": {
        "auth": "jwt",
        "jwtIssuer": "https://login.example.com",
        "jwtAudience": ["models"],
        "jwtScopes": ["predict"],
        "corsOrigins": ["https://app.example.com"],
        "corsCredentials": True,
    },
    "http, by a function": {**AUTHORIZER, "authorizerCacheSeconds": 60},
    "http, own name": DOMAIN,
    "rest, signed": {"api": "rest"},
    "rest, by a function": {"api": "rest", **AUTHORIZER},
    "rest, open to pages": {"api": "rest", "auth": "none", "corsOrigins": ["*"], "apiKeyRequired": True},
    "url, signed": {"api": "url", "models": ["iris"], "timeoutSeconds": 900},
    "url, open to pages": {"api": "url", "models": ["iris"], "auth": "none", "corsOrigins": ["*"]},
    "balancer": {
        "api": "alb",
        "auth": "none",
        "balancerVpcId": "vpc-0a",
        "balancerSubnetIds": ["subnet-0a", "subnet-0b"],
        "balancerCallers": ["10.0.0.0/8"],
        "webAclArn": WEB_ACL,
        **DOMAIN,
    },
    "rest, with everything": {
        "api": "rest",
        "webAclArn": WEB_ACL,
        "apiKeyRequired": True,
        "apiTracing": True,
        "timeoutSeconds": 120,
        **DOMAIN,
    },
}


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    package(tmp_path, "digits")
    return package(tmp_path, "iris")


def run(root: Path, **values: object) -> Recorder:
    config = as_configuration(**{"modelRepository": str(root), "imageUri": IMAGE, **values})
    return deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py")), config=config)


@pytest.mark.parametrize("mode", ["single", "multi"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_invariant_holds_and_the_address_is_exported(packaged: Path, name: str, mode: str):
    recorder = run(packaged, mode=mode, **VARIANTS[name])
    assert [breach for each in recorder.registered for breach in breaches(each.type, each.name, each.inputs)] == []
    own = "domainName" in VARIANTS[name]
    service = "lambda-url" if VARIANTS[name].get("api") == "url" else "execute-api"
    domain = "on.aws" if service == "lambda-url" else "amazonaws.com"
    host = "models.example.com" if own else f"abcdefghij.{service}.eu-central-1.{domain}"
    prefix = "/live" if not own and VARIANTS[name].get("api") == "rest" else ""
    assert recorder.exports["apiUrl"] == f"https://{host}{prefix}"


@pytest.mark.parametrize("mode", ["single", "multi"])
def test_the_kind_of_api_changes_no_function_and_no_role(packaged: Path, mode: str):
    def behind(api: str) -> dict[str, object]:
        recorder = run(packaged, mode=mode, api=api, models=["iris"])
        types = ("aws:lambda/function:Function", "aws:lambda/alias:Alias", "aws:iam/rolePolicy:RolePolicy")
        return {each.name: each.inputs for each in recorder.registered if each.type in types}

    assert behind("rest") == behind("http") == behind("url")


def test_functions_add_headers_for_pages_only_where_the_api_adds_none(packaged: Path):
    def told(api: str) -> list[str | None]:
        recorder = run(packaged, api=api, models=["iris"], auth="none", corsOrigins=["https://app.example.com"])
        functions = recorder.of("aws:lambda/function:Function")
        return [each.inputs["environment"]["variables"].get("CORS_ORIGINS") for each in functions]

    assert told("rest") == ["https://app.example.com"]
    assert told("http") == told("url") == [None]


def test_a_page_may_send_the_key_that_an_api_asks_for(packaged: Path):
    api = run(packaged, **VARIANTS["rest, open to pages"]).one("aws:apigateway/restApi:RestApi")
    assert (
        "x-api-key"
        in json.loads(api.inputs["body"])["paths"]["/v2"]["options"]["x-amazon-apigateway-integration"]["responses"][
            "default"
        ]["responseParameters"]["method.response.header.Access-Control-Allow-Headers"]
    )


@pytest.mark.parametrize("mode", ["single", "multi"])
def test_both_kinds_send_a_path_to_the_same_function(packaged: Path, mode: str):
    http, rest = run(packaged, mode=mode), run(packaged, mode=mode, api="rest")
    integrations = {
        f"integrations/{each.name}-id": each.inputs["integrationUri"]
        for each in http.of("aws:apigatewayv2/integration:Integration")
    }
    routes = {
        each.inputs["routeKey"].removeprefix("ANY "): integrations[each.inputs["target"]]
        for each in http.of("aws:apigatewayv2/route:Route")
    }
    document = json.loads(rest.one("aws:apigateway/restApi:RestApi").inputs["body"])
    paths = {
        path: each["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]["uri"]
        for path, each in document["paths"].items()
    }
    assert routes.items() <= paths.items()
    assert {paths[path] for path in paths.keys() - routes.keys()} == {routes["/v1/{proxy+}"]}


def test_a_rest_api_waits_as_long_as_its_functions_may_take(packaged: Path):
    def waits(**values: object) -> str:
        return run(packaged, api="rest", **values).one("aws:apigateway/restApi:RestApi").inputs["body"]

    assert '"timeoutInMillis": 29000' in waits(timeoutSeconds=5)
    assert '"timeoutInMillis": 120000' in waits(timeoutSeconds=120)
    assert '"timeoutInMillis": 300000' in waits(timeoutSeconds=900)
    assert '"timeoutInMillis": 60000' in waits(mode="single", modelSettings={"iris": {"timeoutSeconds": 60}})
