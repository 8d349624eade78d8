"""API Gateway's rules, for both kinds of API: keys that exist once, quotas, and what is in use."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.resources.account import EmulatedAccount
from local.resources.refusals import refused


def of_route(account: EmulatedAccount, operation: str, inputs: Mapping[str, Any], own_id: str = "") -> None:
    """A route's key exists once, its integration and its authorizer exist, and an API has so many routes."""
    api, key = inputs["apiId"], inputs["routeKey"]
    routes = [each for each in listed(account, "get_routes", ApiId=api) if each["RouteId"] != own_id]
    if any(each["RouteKey"] == key for each in routes):
        raise refused(operation, "ConflictException", f"Route with key {key} already exists for this API")
    if not own_id and len(routes) >= account.quotas.routes:
        raise _too_many(operation, "routes")
    integrations = {f"integrations/{each['IntegrationId']}" for each in listed(account, "get_integrations", ApiId=api)}
    if (target := inputs.get("target")) and target not in integrations:
        raise refused(operation, "NotFoundException", f"Unable to find Integration by key {target}")
    authorizers = {each["AuthorizerId"] for each in listed(account, "get_authorizers", ApiId=api)}
    if (authorizer := inputs.get("authorizerId")) and authorizer not in authorizers:
        raise refused(operation, "NotFoundException", "Invalid Authorizer identifier specified")


def of_integration(account: EmulatedAccount, api: str) -> None:
    """An API has so many integrations."""
    if sum(1 for _ in listed(account, "get_integrations", ApiId=api)) >= account.quotas.integrations:
        raise _too_many("CreateIntegration", "integrations")


def of_deleted_integration(account: EmulatedAccount, api: str, integration: str) -> None:
    """An integration that a route leads to stays."""
    routes = [
        each["RouteId"]
        for each in listed(account, "get_routes", ApiId=api)
        if each.get("Target") == f"integrations/{integration}"
    ]
    if routes:
        message = f"Cannot delete Integration because it is referenced by the following Routes with Ids: {routes}"
        raise refused("DeleteIntegration", "ConflictException", message.replace("'", ""))


def of_deleted_authorizer(account: EmulatedAccount, api: str, authorizer: str, name: str) -> None:
    """An authorizer that a route asks stays."""
    for each in listed(account, "get_routes", ApiId=api):
        if each.get("AuthorizerId") == authorizer and each.get("AuthorizationType") in ("JWT", "CUSTOM"):
            message = f"Cannot delete authorizer '{name}', is referenced in route: {each['RouteKey']}"
            raise refused("DeleteAuthorizer", "ConflictException", message)


def of_stage(account: EmulatedAccount, api: str, name: str) -> None:
    """A stage's name exists once in an HTTP API."""
    if any(each["StageName"] == name for each in listed(account, "get_stages", ApiId=api)):
        raise refused("CreateStage", "ConflictException", "Stage already exists")


def of_mapped(account: EmulatedAccount, operation: str, api: str, stage: str | None = None) -> None:
    """An API, or a stage of it, that a domain name leads to stays."""
    for domain in listed(account, "get_domain_names"):
        for mapping in listed(account, "get_api_mappings", DomainName=domain["DomainName"]):
            if mapping["ApiId"] == api and stage in (None, mapping["Stage"]):
                message = (
                    f"{'API' if stage is None else 'Stage'} is mapped to the domain name {domain['DomainName']}; "
                    "remove its API mappings first"
                )
                raise refused(operation, "ConflictException", message)


def of_domain(account: EmulatedAccount, name: str) -> None:
    """A domain name exists once."""
    if any(each["DomainName"] == name for each in listed(account, "get_domain_names")):
        raise refused("CreateDomainName", "BadRequestException", "The domain name you provided already exists.")


def of_rest_stage(account: EmulatedAccount, api: str, name: str, *, logged: bool) -> None:
    """A stage's name exists once in a REST API. Only an account whose API Gateway has a role for logs writes any."""
    if logged and not account.has_gateway_log_role:
        message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        raise refused("CreateStage", "BadRequestException", message)
    stages = account.client("apigateway").get_stages(restApiId=api)["item"]
    if any(each["stageName"] == name for each in stages):
        raise refused("CreateStage", "ConflictException", "Stage already exists")


def of_mapped_headers(mapped: Iterable[str], declared: Mapping[str, Any] | None) -> None:
    """An integration's response sets only headers that the method declares for that status."""
    known = {f"method.response.header.{name}" for name in (declared or {}).get("headers", {})}
    for name in mapped:
        if name not in known:
            error = f"Invalid mapping expression parameter specified: {name}"
            message = f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
            raise refused("PutIntegrationResponse", "BadRequestException", message)


def of_deleted_deployment(account: EmulatedAccount, api: str, deployment: str) -> None:
    """A deployment that a stage shows stays."""
    stages = account.client("apigateway").get_stages(restApiId=api)["item"]
    if any(each["deploymentId"] == deployment for each in stages):
        message = "Active stages pointing to this deployment must be moved or deleted"
        raise refused("DeleteDeployment", "BadRequestException", message)


def of_planned_stage(account: EmulatedAccount, api: str, stage: str) -> None:
    """A stage that a usage plan lets callers use stays."""
    for plan in account.client("apigateway").get_usage_plans()["items"]:
        if any((each["apiId"], each["stage"]) == (api, stage) for each in plan.get("apiStages", ())):
            message = f"Cannot delete stage '{stage}' because it is associated with usage plan {plan['id']}"
            raise refused("DeleteStage", "BadRequestException", message)


def of_deleted_usage_plan(account: EmulatedAccount, plan_id: str) -> None:
    """A usage plan with a stage stays."""
    plan = account.client("apigateway").get_usage_plan(usagePlanId=plan_id)
    if plan.get("apiStages"):
        message = "Cannot delete Usage Plan because it contains API Stages; remove them first"
        raise refused("DeleteUsagePlan", "BadRequestException", message)


def listed(account: EmulatedAccount, call: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    """Everything that a listing call of HTTP APIs has, page by page."""
    page: dict[str, str] = {}
    while True:
        answer = getattr(account.client("apigatewayv2"), call)(**arguments, **page)
        yield from answer.get("Items", ())
        if not answer.get("NextToken"):
            return
        page = {"NextToken": answer["NextToken"]}


def _too_many(operation: str, what: str) -> ClientError:
    message = f"Max number of {what} for this API reached. Please contact AWS if you need additional {what}."
    return refused(operation, "TooManyRequestsException", message)
