"""RestApi: a REST API in front of the functions, where a web ACL, API keys or more than 30 seconds are needed."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api.api_access import LambdaAccess, permit_authorizer
from components.api.api_args import ApiArgs, access_log, access_log_format, permit_api
from components.api.api_domain import ApiDomain, ApiDomainArgs
from components.api.api_routes import rest_paths
from components.api.rest_api_document import document

STAGE = "live"
"""The stage's name, which begins every path under API Gateway's own host name."""

TIMEOUT_SECONDS = 29
"""How long a REST API waits unless the account's quota was raised.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""

LONGEST_TIMEOUT_SECONDS = 300
"""How far that quota can be raised, for a regional API."""

BINARY_MEDIA_TYPES = ("*/*",)
"""Every body reaches the function byte for byte, as base64. Binary tensors often come without a content type, which
counts as JSON text, and clients accept `*/*`, for which an answer stays base64 unless that type itself is listed. Of
Lambda's 6 MB for a request, base64 leaves about 4.5 MB, for JSON too, which on an HTTP API has all of it."""

ACCESS_LOG_FORMAT = access_log_format(
    resourcePath="$context.resourcePath",
    httpMethod="$context.httpMethod",
    integrationStatus="$context.integration.status",
    integrationLatencyMs="$context.integration.latency",
    integrationError="$context.integration.error",
    webAclStatus="$context.waf.status",
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


@dataclass(frozen=True, kw_only=True)
class RestApiArgs(ApiArgs):
    timeout_seconds: int = TIMEOUT_SECONDS
    """How long the API waits for a function; more than 29 needs the account's quota raised."""
    web_acl_arn: str | None = None
    """A regional web ACL of AWS WAF that every request passes."""
    api_key_required: bool = False
    """Whether a caller must send `x-api-key`, besides what `auth` asks for. A key and a usage plan are made."""
    tracing: bool = False
    """Whether X-Ray traces requests from the API on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
            raise ValueError(
                f"timeout_seconds is {self.timeout_seconds}; a REST API waits 1 to {LONGEST_TIMEOUT_SECONDS} seconds"
            )


class RestApi(pulumi.ComponentResource):
    """The paths of both dialects to the functions' aliases, on one regional stage.

    API Gateway writes a REST API's access log by a role that is set once for the account and region, and refuses a
    stage where none is. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """

    url: pulumi.Output[str]
    api_id: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: RestApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:RestApi", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        body = _body(name, args)
        api = aws.apigateway.RestApi(
            name,
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            binary_media_types=list(BINARY_MEDIA_TYPES),
            disable_execute_api_endpoint=bool(args.domain),
            opts=inside,
        )
        permissions = permit_api(name, args, api.execution_arn, inside)
        if isinstance(args.auth, LambdaAccess):
            permissions = [*permissions, permit_authorizer(name, args.auth, api.execution_arn, inside)]
        deployment = aws.apigateway.Deployment(
            f"{name}-deployment",
            rest_api=api.id,
            triggers={"document": body.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())},
            opts=pulumi.ResourceOptions(parent=self, depends_on=permissions),
        )
        logs = access_log(name, args, inside)
        stage = self._stage(name, api, deployment, logs, args)
        self.url = stage.invoke_url
        if args.domain:
            arguments = ApiDomainArgs(domain=args.domain, api_id=api.id, stage_name=stage.stage_name)
            self.url = ApiDomain(f"{name}-domain", arguments, inside).url
        self.api_id = api.id
        self.log_group_name = logs.name
        self.register_outputs({"url": self.url, "api_id": self.api_id, "log_group_name": self.log_group_name})

    def _stage(
        self,
        name: str,
        api: aws.apigateway.RestApi,
        deployment: aws.apigateway.Deployment,
        logs: aws.cloudwatch.LogGroup,
        args: RestApiArgs,
    ) -> aws.apigateway.Stage:
        """The stage, with its limits and all that guards it."""
        inside = pulumi.ResourceOptions(parent=self)
        stage = aws.apigateway.Stage(
            f"{name}-stage",
            rest_api=api.id,
            deployment=deployment.id,
            stage_name=STAGE,
            access_log_settings={"destination_arn": logs.arn, "format": ACCESS_LOG_FORMAT},
            xray_tracing_enabled=args.tracing,
            opts=inside,
        )
        aws.apigateway.MethodSettings(
            f"{name}-limits",
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_burst_limit": args.throttling_burst,
                "throttling_rate_limit": args.throttling_rate,
                "metrics_enabled": True,
            },
            opts=inside,
        )
        if args.web_acl_arn:
            aws.wafv2.WebAclAssociation(
                f"{name}-web-acl", resource_arn=stage.arn, web_acl_arn=args.web_acl_arn, opts=inside
            )
        if args.api_key_required:
            self._hand_out_a_key(name, api, stage, args)
        return stage

    def _hand_out_a_key(
        self, name: str, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage, args: RestApiArgs
    ) -> None:
        """One key, and the plan by which it may call this stage. More keys may join the plan later."""
        inside = pulumi.ResourceOptions(parent=self)
        plan = aws.apigateway.UsagePlan(
            f"{name}-plan",
            api_stages=[{"api_id": api.id, "stage": stage.stage_name}],
            throttle_settings={"burst_limit": args.throttling_burst, "rate_limit": args.throttling_rate},
            opts=inside,
        )
        key = aws.apigateway.ApiKey(f"{name}-key", opts=inside)
        aws.apigateway.UsagePlanKey(
            f"{name}-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=inside
        )


def _body(title: str, args: RestApiArgs) -> pulumi.Output[str]:
    """The API's document as JSON."""
    functions = {path: args.answering(model).invoke_arn for path, model in rest_paths(args.models).items()}
    return pulumi.Output.json_dumps(
        document(
            title,
            functions,
            args.auth,
            api_key_required=args.api_key_required,
            timeout_milliseconds=args.timeout_seconds * 1000,
        )
    )
