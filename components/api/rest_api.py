"""RestApi: a REST API in front of the functions, for a web ACL, API keys or answers that take over 30 seconds."""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api.access_log import access_log, access_log_format
from components.api.api import ApiMetrics, GatewayApi
from components.api.api_access import LambdaAccess
from components.api.api_args import ApiArgs
from components.api.api_limits import REST_LONGEST_TIMEOUT_SECONDS, REST_TIMEOUT_SECONDS
from components.api.api_permissions import permit_api, permit_authorizer
from components.api.api_routes import OPEN_PATHS, rest_paths
from components.api.cors import Cors
from components.api.rest_api_document import document
from components.retries import explained

STAGE = "live"
"""The stage's name. Every path begins with it, unless the API has a domain name."""

BINARY_MEDIA_TYPES = ("*/*",)
"""API Gateway passes every body to the function unchanged, as base64.

A narrower list would break binary tensors: requests often have no content type, which counts as JSON text, and clients
that accept `*/*` would get base64. The price: base64 leaves about 4.5 MB of Lambda's 6 MB, for JSON too."""

STAGE_FAILURES = {
    "CloudWatch Logs role ARN must be set": "API Gateway has no role yet by which it writes the logs of REST APIs. It "
    "is set once for the account and region: docs/permissions.md has the three commands. Then run `pulumi up` again."
}
"""What a refusal of a stage means, by API Gateway's words.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"""


@dataclass(frozen=True, kw_only=True)
class RestApiArgs:
    shared: ApiArgs
    """What an HTTP API needs to know, too."""
    timeout_seconds: int = REST_TIMEOUT_SECONDS
    """How long the API waits for a function. More than the default needs the account's quota raised."""
    web_acl_arn: str | None = None
    """A regional web ACL of AWS WAF that checks every request."""
    api_key_required: bool = False
    """Whether a caller must also send `x-api-key`. Makes a key and a usage plan."""
    tracing: bool = False
    """Whether X-Ray traces requests from the API on."""
    cors: Cors | None = None
    """None lets no page of another site call the API. The functions must know the origins too."""

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= REST_LONGEST_TIMEOUT_SECONDS:
            raise ValueError(
                f"timeout_seconds is {self.timeout_seconds}; a REST API waits 1 to {REST_LONGEST_TIMEOUT_SECONDS} "
                "seconds"
            )


class RestApi(GatewayApi):
    """The paths of both dialects to the functions' aliases, on one regional stage.

    API Gateway writes the access logs of all REST APIs with one role, which is set for the account and region. Without
    that role it refuses the stage. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """

    def __init__(self, name: str, args: RestApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:RestApi", name, None, opts)
        self._name = name
        self._inside = pulumi.ResourceOptions(parent=self)
        shared = args.shared
        body = _body(name, args)
        api = aws.apigateway.RestApi(
            name,
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            binary_media_types=list(BINARY_MEDIA_TYPES),
            disable_execute_api_endpoint=not shared.host_name_of_aws,
            opts=self._inside,
        )
        permissions = [*permit_api(name, shared.functions, api.execution_arn, self._inside).values()]
        if isinstance(shared.auth, LambdaAccess):
            permissions.append(permit_authorizer(name, shared.auth, api.execution_arn, self._inside))
        deployment = aws.apigateway.Deployment(
            f"{name}-deployment",
            rest_api=api.id,
            triggers=_deployed_inputs(body, shared),
            opts=pulumi.ResourceOptions(parent=self, depends_on=permissions),
        )
        logs = access_log(name, shared, self._inside)
        stage = self._stage(api, deployment, logs, args)
        metrics = ApiMetrics({"ApiName": api.name, "Stage": stage.stage_name}, failed="5XXError")
        self._register(api, stage.stage_name, url=stage.invoke_url, logs=logs, metrics=metrics)

    def _stage(
        self,
        api: aws.apigateway.RestApi,
        deployment: aws.apigateway.Deployment,
        logs: aws.cloudwatch.LogGroup,
        args: RestApiArgs,
    ) -> aws.apigateway.Stage:
        """The stage, with its limits, its web ACL and its API key."""
        stage = aws.apigateway.Stage(
            f"{self._name}-stage",
            rest_api=api.id,
            deployment=deployment.id,
            stage_name=STAGE,
            access_log_settings={"destination_arn": logs.arn, "format": access_log_format("rest")},
            xray_tracing_enabled=args.tracing,
            opts=pulumi.ResourceOptions(parent=self, hooks=explained(f"{self._name}-stage", STAGE_FAILURES)),
        )
        aws.apigateway.MethodSettings(
            f"{self._name}-limits",
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_burst_limit": args.shared.throttling_burst,
                "throttling_rate_limit": args.shared.throttling_rate,
                "metrics_enabled": False,  # by method: billed each, and read by nothing
            },
            opts=self._inside,
        )
        self._check_by_web_acl(self._name, stage.arn, args.web_acl_arn)
        if args.api_key_required:
            self._make_api_key(api, stage, args.shared)
        return stage

    def _make_api_key(self, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage, args: ApiArgs) -> None:
        """One key, and the usage plan that lets it call this stage. More keys may be added to the plan later."""
        plan = aws.apigateway.UsagePlan(
            f"{self._name}-plan",
            api_stages=[{"api_id": api.id, "stage": stage.stage_name}],
            throttle_settings={"burst_limit": args.throttling_burst, "rate_limit": args.throttling_rate},
            opts=self._inside,
        )
        key = aws.apigateway.ApiKey(f"{self._name}-key", opts=self._inside)
        aws.apigateway.UsagePlanKey(
            f"{self._name}-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=self._inside
        )


def _deployed_inputs(body: pulumi.Output[str], args: ApiArgs) -> dict[str, pulumi.Input[str]]:
    """Everything that holds only from the next deployment on: a change of it calls for one."""
    return {
        "document": body.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()),
        "binary media types": " ".join(BINARY_MEDIA_TYPES),
        "host name of AWS": "on" if args.host_name_of_aws else "off",
    }


def _body(title: str, args: RestApiArgs) -> pulumi.Output[str]:
    """The API's document as JSON."""
    functions = args.shared.functions
    health = args.shared.open_health_checks
    paths = rest_paths(functions.model_verbs(), one_model=functions.one_model, page=functions.page, health=health)
    arns = {path: functions.answering(model).invoke_arn for path, model in paths.items()}
    return pulumi.Output.json_dumps(
        document(
            title,
            arns,
            args.shared.auth,
            api_key_required=args.api_key_required,
            open_paths=OPEN_PATHS if health else frozenset(),
            cors=args.cors,
            timeout_milliseconds=args.timeout_seconds * 1000,
        )
    )
