"""What API Gateway, Route 53 and WAF refuse: keys that exist, quotas, and deletion of what is in use."""

import json

import pytest

ROUTE = "aws:apigatewayv2/route:Route"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
STAGE = "aws:apigatewayv2/stage:Stage"
DOMAIN = "aws:apigatewayv2/domainName:DomainName"
MAPPING = "aws:apigatewayv2/apiMapping:ApiMapping"
REST = "aws:apigateway/restApi:RestApi"
REST_STAGE = "aws:apigateway/stage:Stage"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"


@pytest.fixture
def integration(cloud, api):
    return cloud.create(INTEGRATION, apiId=api.id, integrationType="AWS_PROXY", integrationUri="arn:aws:lambda:f")


def test_a_route_key_exists_once_in_an_api(cloud, api, integration, refused):
    target = f"integrations/{integration.id}"
    cloud.create(ROUTE, apiId=api.id, routeKey="GET /v2", target=target)
    with refused("ConflictException", "Route with key GET /v2 already exists for this API"):
        cloud.create(ROUTE, apiId=api.id, routeKey="GET /v2", target=target)
    other = cloud.create(ROUTE, apiId=api.id, routeKey="GET /v1", target=target)
    with refused("ConflictException"):
        cloud.update(ROUTE, other, apiId=api.id, routeKey="GET /v2", target=target)


def test_a_route_needs_the_integration_and_the_authorizer_that_it_names(cloud, api, integration, refused):
    with refused("NotFoundException", "integrations/nowhere"):
        cloud.create(ROUTE, apiId=api.id, routeKey="GET /a", target="integrations/nowhere")
    with refused("NotFoundException", "Authorizer"):
        cloud.create(
            ROUTE,
            apiId=api.id,
            routeKey="GET /a",
            target=f"integrations/{integration.id}",
            authorizationType="JWT",
            authorizerId="nowhere",
        )


def test_an_api_has_so_many_routes_unless_the_quota_is_raised(cloud, account, api, integration, refused):
    account.quotas.routes = 2
    target = f"integrations/{integration.id}"
    for path in "ab":
        cloud.create(ROUTE, apiId=api.id, routeKey=f"GET /{path}", target=target)
    with refused("TooManyRequestsException", "Max number of routes for this API reached"):
        cloud.create(ROUTE, apiId=api.id, routeKey="GET /c", target=target)
    account.quotas.routes = 3
    cloud.create(ROUTE, apiId=api.id, routeKey="GET /c", target=target)


def test_an_integration_that_a_route_leads_to_is_not_deleted(cloud, api, integration, refused):
    route = cloud.create(ROUTE, apiId=api.id, routeKey="GET /v2", target=f"integrations/{integration.id}")
    with refused("ConflictException", rf"referenced by the following Routes with Ids: \[{route.id}\]"):
        cloud.delete(INTEGRATION, integration)
    cloud.delete(ROUTE, route)
    cloud.delete(INTEGRATION, integration)


def test_an_authorizer_that_a_route_asks_is_not_deleted(cloud, api, integration, refused):
    jwt = {"issuer": "https://example.com", "audiences": ["models"]}
    source = ["$request.header.Authorization"]
    authorizer = cloud.create(
        AUTHORIZER, apiId=api.id, name="jwt", authorizerType="JWT", identitySources=source, jwtConfiguration=jwt
    )
    route = {"apiId": api.id, "routeKey": "GET /v2", "target": f"integrations/{integration.id}"}
    asking = cloud.create(ROUTE, **route, authorizationType="JWT", authorizerId=authorizer.id)
    with refused("ConflictException", "Cannot delete authorizer 'jwt', is referenced in route: GET /v2"):
        cloud.delete(AUTHORIZER, authorizer)
    cloud.update(ROUTE, asking, **route, authorizationType="NONE")
    cloud.delete(AUTHORIZER, authorizer)


def test_a_stage_and_a_domain_name_exist_once_and_what_they_show_stays(cloud, api, refused):
    stage = cloud.create(STAGE, apiId=api.id, name="$default", autoDeploy=True)
    with refused("ConflictException", "Stage already exists"):
        cloud.create(STAGE, apiId=api.id, name="$default")
    configuration = {
        "certificateArn": "arn:aws:acm:eu-central-1:000000000000:certificate/c",
        "endpointType": "REGIONAL",
        "securityPolicy": "TLS_1_2",
    }
    name = f"{api.id}.example.com"
    cloud.create(DOMAIN, domainName=name, domainNameConfiguration=configuration)
    with refused("BadRequestException", "The domain name you provided already exists"):
        cloud.create(DOMAIN, domainName=name, domainNameConfiguration=configuration)
    mapping = cloud.create(MAPPING, apiId=api.id, domainName=name, stage="$default")
    with refused("ConflictException"):
        cloud.create(MAPPING, apiId=api.id, domainName=name, stage="$default")
    for kind, state in ((STAGE, stage), ("aws:apigatewayv2/api:Api", api)):
        with refused("ConflictException", "mapped to the domain name"):
            cloud.delete(kind, state)
    cloud.delete(MAPPING, mapping)
    cloud.delete(STAGE, stage)
    cloud.delete("aws:apigatewayv2/api:Api", api)


def document(*paths: str) -> str:
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": "arn:aws:apigateway:eu-central-1:lambda:path/f",
        "timeoutInMillis": 29000,
    }
    return json.dumps({"paths": {path: {"get": {"x-amazon-apigateway-integration": integration}} for path in paths}})


@pytest.fixture
def rest(cloud):
    return cloud.create(REST, body=document("/v1/a", "/v2/b"))


def paths_of(account, api_id: str) -> set[str]:
    items = account.client("apigateway").get_resources(restApiId=api_id, embed=["methods"])["items"]
    return {item["path"] for item in items if item.get("resourceMethods")}


def test_a_changed_document_takes_the_place_of_the_old_one(cloud, account, rest):
    changed = cloud.update(REST, rest, name=rest.outputs["name"], body=document("/v1/a", "/v1/c/d"))
    assert changed.id == rest.id
    assert paths_of(account, rest.id) == {"/v1/a", "/v1/c/d"}
    items = account.client("apigateway").get_resources(restApiId=rest.id)["items"]
    assert "/v2" not in {item["path"] for item in items}


def test_a_deployment_that_a_stage_shows_is_not_deleted(cloud, rest, refused):
    deployment, later = (cloud.create(DEPLOYMENT, restApi=rest.id) for _ in range(2))
    stage = {"restApi": rest.id, "stageName": "live"}
    shown = cloud.create(REST_STAGE, **stage, deployment=deployment.id)
    with refused("ConflictException", "Stage already exists"):
        cloud.create(REST_STAGE, **stage, deployment=deployment.id)
    with refused("BadRequestException", "Active stages pointing to this deployment must be moved or deleted"):
        cloud.delete(DEPLOYMENT, deployment)
    cloud.update(REST_STAGE, shown, **stage, deployment=later.id)
    cloud.delete(DEPLOYMENT, deployment)


def test_a_stage_with_a_log_needs_the_role_of_the_account(cloud, account, rest, refused):
    deployment = cloud.create(DEPLOYMENT, restApi=rest.id)
    account.has_gateway_log_role = False
    stage = {"restApi": rest.id, "deployment": deployment.id}
    log = {"destinationArn": f"arn:aws:logs:{account.region}:{account.account_id}:log-group:access", "format": "{}"}
    with refused("BadRequestException", "CloudWatch Logs role ARN must be set in account settings"):
        cloud.create(REST_STAGE, **stage, stageName="live", accessLogSettings=log)
    cloud.create(REST_STAGE, **stage, stageName="silent")


def test_a_stage_that_a_usage_plan_lets_callers_use_is_not_deleted(cloud, rest, refused):
    deployment = cloud.create(DEPLOYMENT, restApi=rest.id)
    stage = cloud.create(REST_STAGE, restApi=rest.id, stageName="live", deployment=deployment.id)
    plan_type = "aws:apigateway/usagePlan:UsagePlan"
    plan = cloud.create(plan_type, apiStages=[{"apiId": rest.id, "stage": "live"}])
    with refused("BadRequestException", "associated with usage plan"):
        cloud.delete(REST_STAGE, stage)
    cloud.delete(plan_type, plan)
    cloud.delete(REST_STAGE, stage)


def test_a_record_exists_once_in_a_zone_that_there_is(cloud, account, refused):
    record = {
        "name": "models.example.com",
        "type": "A",
        "aliases": [{"name": "d-1.execute-api", "zoneId": "Z1", "evaluateTargetHealth": False}],
    }
    with refused("NoSuchHostedZone"):
        cloud.create("aws:route53/record:Record", zoneId="ZNOWHERE", **record)
    zone = account.client("route53").create_hosted_zone(Name="example.com", CallerReference=account.unique("zone"))
    zone_id = zone["HostedZone"]["Id"].rpartition("/")[2]
    made = cloud.create("aws:route53/record:Record", zoneId=zone_id, **record)
    with refused("InvalidChangeBatch", "already exists"):
        cloud.create("aws:route53/record:Record", zoneId=zone_id, **record)
    cloud.delete("aws:route53/record:Record", made)


def test_deleting_an_association_takes_off_whatever_web_acl_the_stage_has(cloud, account):
    waf, stage = (
        account.client("wafv2"),
        f"arn:aws:apigateway:eu-central-1::/restapis/{account.unique('a')}/stages/live",
    )
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    old, new = (
        waf.create_web_acl(
            Name=account.unique("acl"), Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible
        )["Summary"]["ARN"]
        for _ in range(2)
    )
    kind = "aws:wafv2/webAclAssociation:WebAclAssociation"
    before = cloud.create(kind, resourceArn=stage, webAclArn=old)
    after = cloud.create(kind, resourceArn=stage, webAclArn=new)
    cloud.delete(kind, before)
    assert cloud.read(kind, after) is None
