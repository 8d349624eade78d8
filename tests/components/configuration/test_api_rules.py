"""What a configuration may not ask of its API, with the message that a user reads."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.configuration.asking import advice, read, refusal
from tests.packaged import package
from tests.recorder import CERTIFICATE, WEB_ACL

AUTHORIZER = "arn:aws:lambda:eu-central-1:123456789012:function:admit:live"
BALANCER: dict[str, object] = {
    "api": "alb",
    "auth": "none",
    "balancerVpcId": "vpc-0a",
    "balancerSubnetIds": ["subnet-0a", "subnet-0b"],
    "balancerCallers": ["10.0.0.0/8"],
    "domainName": "models.example.com",
    "certificateArn": CERTIFICATE,
}
JWT = {"auth": "jwt", "jwtIssuer": "https://login.example.com", "jwtAudience": ["models"]}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"webAclArn": WEB_ACL},
            "webAclArn, api: an http API takes no web ACL; set api to rest or alb, or leave webAclArn out",
        ),
        (
            {"apiKeyRequired": True},
            "apiKeyRequired, api: an http API takes no API keys; set api to rest, or leave apiKeyRequired out",
        ),
        (
            {"apiTracing": True},
            "apiTracing, api: an http API takes no X-Ray tracing; set api to rest, or leave apiTracing out",
        ),
        (
            {"api": "rest", **JWT},
            "auth, api: a rest API cannot verify a JWT; set api to http, or auth to lambda with a function that",
        ),
        (
            {"api": "url", "webAclArn": WEB_ACL},
            "webAclArn, api: a function URL takes no web ACL; set api to rest or alb, or leave webAclArn out",
        ),
        (
            {"api": "url", **JWT},
            "auth, api: a function URL admits AWS identities, or everyone; for auth jwt, set api to http",
        ),
        (
            {"api": "url", "auth": "lambda", "authorizerArn": AUTHORIZER},
            "auth, api: a function URL admits AWS identities, or everyone; for auth lambda, set api to http or rest",
        ),
        (
            {"api": "url", "domainName": "models.example.com", "certificateArn": CERTIFICATE},
            "domainName, api: a function URL has a host name of Lambda's alone; set api to http, rest or alb, or leave",
        ),
        (
            {"balancerCallers": ["10.0.0.0/8"]},
            "balancerCallers, api: an http API is in no network; set api to alb, or leave balancerCallers out",
        ),
        (
            {"api": "alb"},
            "balancerSubnetIds, api: a load balancer needs balancerSubnetIds: two of its subnets or more, each in",
        ),
        (
            BALANCER | {"auth": "iam"},
            "auth, api: a load balancer asks callers for no signature and no token, and admits the addresses in",
        ),
        (BALANCER | {"balancerSubnetIds": ["subnet-0a"]}, "balancerSubnetIds: one subnet is not enough"),
        (
            BALANCER | {"corsOrigins": ["*"]},
            "corsOrigins, api: a load balancer adds no CORS headers to the functions' answers; set api to http, rest",
        ),
        (
            {"api": "url", "throttlingRate": 50},
            "throttlingRate, api: a function URL counts no requests; reservedConcurrency bounds how many run at a time",
        ),
        ({"auth": "jwt"}, "jwtIssuer, auth: auth jwt needs jwtIssuer; set it, or set auth to iam"),
        ({"auth": "jwt"}, "jwtAudience, auth: auth jwt needs jwtAudience; set it, or set auth to iam"),
        ({"auth": "lambda"}, "authorizerArn, auth: auth lambda needs authorizerArn; set it, or set auth to iam"),
        (
            {"jwtScopes": ["predict"]},
            "jwtScopes, auth: auth iam does not use it; set auth to jwt, or leave jwtScopes out",
        ),
        (
            {"authorizerArn": AUTHORIZER, "auth": "none"},
            "auth none does not use it; set auth to lambda, or leave authorizerArn out",
        ),
        (
            {"corsCredentials": True},
            "corsCredentials, corsOrigins: corsOrigins is empty, so no page may send credentials; name pages in "
            "corsOrigins, or set corsCredentials to false",
        ),
        (
            {"corsCredentials": True, "corsOrigins": ["*"]},
            "browsers refuse credentials where every page is allowed; name the pages in corsOrigins instead of '*'",
        ),
        (
            {"corsHeaders": ["x-tenant"]},
            "corsHeaders, corsOrigins: corsOrigins is empty, so no page may send headers; name pages in corsOrigins",
        ),
        (
            {"corsHeaders": ["*"], "corsOrigins": ["https://app.example.com"], "corsCredentials": True},
            "corsHeaders, corsCredentials: browsers take '*' literally where a page sends credentials; name",
        ),
        (
            {"corsOrigins": ["*", "https://app.example.com"]},
            "corsOrigins: '*' already allows every page; list only '*', or only the other origins",
        ),
        (
            {"domainName": "models.example.com"},
            "domainName, certificateArn: models.example.com has no certificate; set certificateArn",
        ),
        (
            {"certificateArn": CERTIFICATE},
            "certificateArn, domainName: it needs domainName, which is not set; set domainName, or leave "
            "certificateArn out",
        ),
        ({"hostedZoneId": "Z0123456789"}, "hostedZoneId, domainName: it needs domainName, which is not set"),
        (
            {"domainName": "models.example.com", "certificateArn": CERTIFICATE.replace("eu-central-1", "us-east-1")},
            "certificateArn: it is in us-east-1, but the stack is in eu-central-1; name one in eu-central-1",
        ),
        (
            {"api": "rest", "webAclArn": WEB_ACL.replace("eu-central-1", "us-east-1")},
            "webAclArn: it is in us-east-1, but the stack is in eu-central-1; name one in eu-central-1",
        ),
    ],
)
def test_what_cannot_be_combined_is_refused_with_the_way_out(packaged: Path, values: dict[str, object], said: str):
    assert said in refusal(packaged, **values)


def test_a_function_url_is_refused_in_front_of_several_functions(tmp_path: Path):
    for model in ("digits", "iris"):
        package(tmp_path, model)
    said = refusal(tmp_path, api="url", mode="single")
    assert "api, mode: a function URL leads to one function, and mode single makes one for each model" in said
    assert read(tmp_path, api="url", mode="single", models=["iris"]).api == "url"
    assert read(tmp_path, api="url").mode == "multi"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("api", "graphql", "allowed is http or rest or url or alb"),
        ("jwtIssuer", "http://login.example.com", "allowed is an https URL such as https://login.example.com"),
        ("authorizerArn", "admit", "allowed is the ARN of a function, version or alias"),
        ("authorizerCacheSeconds", 3601, "allowed is 0 to 3600 seconds"),
        ("corsOrigins", ["https://app.example.com/"], "origins, such as ['https://app.example.com']"),
        ("corsHeaders", ["X-Tenant"], "names of headers in small letters, such as ['x-tenant']"),
        ("domainName", "https://models.example.com", "allowed is a host name such as models.example.com"),
        ("certificateArn", CERTIFICATE + "?", "allowed is the ARN of an ACM certificate"),
        ("hostedZoneId", "example.com", "allowed is the id of a Route 53 hosted zone"),
        ("balancerCallers", ["0.0.0.0/0"], "ranges of IPv4 addresses narrower than the internet"),
        ("balancerVpcId", "network", "allowed is the id of a VPC, such as vpc-0a1b2c3d"),
        ("webAclArn", WEB_ACL.replace("regional", "global"), "allowed is the ARN of a regional web ACL"),
    ],
)
def test_a_value_of_another_form_is_refused_with_what_is_allowed(packaged: Path, key: str, value: object, said: str):
    message = refusal(packaged, **{key: value})
    assert f"{key}: " in message
    assert said in message


@pytest.mark.parametrize(
    "values",
    [
        JWT,
        JWT | {"jwtScopes": ["predict"], "corsOrigins": ["https://app.example.com"], "corsCredentials": True},
        {"auth": "lambda", "authorizerArn": AUTHORIZER},
        {"domainName": "models.example.com", "certificateArn": CERTIFICATE, "hostedZoneId": "Z0123456789"},
    ],
)
def test_what_fits_together_needs_no_advice(packaged: Path, values: dict[str, object]):
    assert advice(packaged, **values) == ""


def test_a_rest_api_takes_several_origins_with_credentials(packaged: Path):
    pages = {"corsOrigins": ["https://a.example.com", "https://b.example.com"], "corsCredentials": True}
    assert "cors" not in advice(packaged, api="rest", **pages)


def test_advice_is_given_where_the_api_stops_waiting_before_the_function_ends(packaged: Path):
    said = advice(packaged, timeoutSeconds=60)
    assert "timeoutSeconds: the http API stops waiting after 30 seconds" in said
    assert "set 29 or less, or api to rest, which can wait up to 300" in said
    said = advice(packaged, timeoutSeconds=600, api="rest")
    assert "the rest API stops waiting after 300 seconds" in said
    assert "set 299 or less" in said


def test_a_load_balancer_that_is_whole_needs_no_advice(packaged: Path):
    assert advice(packaged, **BALANCER, timeoutSeconds=900, webAclArn=WEB_ACL) == ""


def test_a_function_url_waits_as_long_as_its_function_runs(packaged: Path):
    assert advice(packaged, api="url", timeoutSeconds=900) == ""


def test_advice_on_a_function_of_its_own_names_the_models_setting(packaged: Path):
    said = advice(packaged, mode="single", modelSettings={"iris": {"timeoutSeconds": 60}})
    assert "modelSettings.iris.timeoutSeconds: the http API stops waiting after 30 seconds" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"timeoutSeconds": 120, "api": "rest"},
            [
                "timeoutSeconds, api: a rest API waits 29 seconds unless AWS raised the quota; for 120, first have",
                "'Maximum integration timeout in milliseconds' raised in Service Quotas, or set 29",
            ],
        ),
        (
            {"api": "rest"},
            [
                "api: a rest API writes its access log with a role that is set once for the account and region",
                "set-up-logging.html says how to set it",
            ],
        ),
        ({"auth": "none"}, ["auth: none lets everyone on the internet call the API, at your cost"]),
    ],
)
def test_advice_is_given_on_what_an_api_needs_or_admits(packaged: Path, given: dict[str, Any], said: list[str]):
    found = advice(packaged, **given)
    assert [each for each in said if each not in found] == []


def test_advice_is_given_on_open_health_checks_where_everything_is_open(packaged: Path):
    said = "openHealthChecks, auth: auth none lets everyone ask for everything; set auth to iam, or leave"
    assert said in advice(packaged, auth="none", openHealthChecks=True)
    assert "openHealthChecks" not in advice(packaged, auth="iam", openHealthChecks=True)


def test_advice_is_given_on_a_key_that_is_taken_for_a_proof(packaged: Path):
    said = advice(packaged, auth="none", api="rest", apiKeyRequired=True)
    assert (
        "auth, apiKeyRequired: an API key tells callers apart, for their limits; it does not prove who they are" in said
    )


def test_advice_is_given_on_a_decision_that_is_kept(packaged: Path):
    said = advice(packaged, auth="lambda", authorizerArn=AUTHORIZER, authorizerCacheSeconds=300)
    assert "authorizerCacheSeconds: a decision holds for 300 seconds on every path; set 0 if" in said


@pytest.mark.parametrize(
    ("values", "most", "things"),
    [({}, 59, "routes"), ({"corsOrigins": ["*"]}, 29, "routes"), ({"api": "rest"}, 58, "resources")],
)
def test_more_routes_than_an_api_may_have_are_refused_up_to_the_accounts_quota(
    tmp_path: Path, values: dict[str, object], most: int, things: str
):
    for number in range(most + 1):
        package(tmp_path, f"model-{number:02}")
    settings = {"mode": "single", **values}
    message = refusal(tmp_path, **settings)
    assert f"models, mode, apiRoutesQuota: {most + 1} models need 3" in message
    assert f"{things}, but an API may have 300; set mode to multi" in message
    fewer = [f"model-{number:02}" for number in range(most)]
    assert read(tmp_path, **settings, models=fewer)
    assert read(tmp_path, **settings, apiRoutesQuota=400)


def test_advice_is_given_on_the_path_that_a_rest_api_with_a_domain_name_keeps(tmp_path: Path):
    domain = {
        "domainName": "models.example.com",
        "certificateArn": CERTIFICATE,
    }
    package(tmp_path, "iris")
    assert "/ping" in advice(tmp_path, api="rest", **domain)
    assert "/ping" not in advice(tmp_path, api="http", **domain)
    package(tmp_path, "digits")
    assert "/ping" not in advice(tmp_path, api="rest", **domain)
