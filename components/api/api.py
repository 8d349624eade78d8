"""Api: what the rest of a stack knows of the way in to its functions, whichever kind it is."""

from collections.abc import Mapping
from typing import NamedTuple

import pulumi
import pulumi_aws as aws


class ApiMetrics(NamedTuple):
    """How CloudWatch counts the requests of an API, in the namespace `AWS/ApiGateway`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html and
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """

    dimensions: Mapping[str, pulumi.Input[str]]
    failed: str
    """The metric of the answers with a status of 500 or more. `Count` is that of all."""


class Api(pulumi.ComponentResource):
    """The base of every kind."""

    url: pulumi.Output[str]
    """By AWS's own host name. Has no slash at its end; `/v1/…` and `/v2/…` follow."""
    requests_arn: pulumi.Output[str]
    """Every request: what a caller's role is granted, where auth is iam."""
    log_group_name: pulumi.Output[str] | None = None
    """Of its access log, if it writes one."""
    metrics: ApiMetrics | None = None
    """None where CloudWatch counts in another namespace."""

    def _check_by_web_acl(self, name: str, arn: pulumi.Output[str], web_acl_arn: str | None) -> None:
        """Have a web ACL check every request to a resource, which has one at a time: deleted last, the association with
        the old one would take the new one off the resource."""
        if web_acl_arn:
            aws.wafv2.WebAclAssociation(
                f"{name}-web-acl",
                resource_arn=arn,
                web_acl_arn=web_acl_arn,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )


class GatewayApi(Api):
    """The base of both kinds of API of API Gateway: their outputs."""

    api_id: pulumi.Output[str]
    stage_name: pulumi.Output[str]

    def _register(
        self,
        api: aws.apigatewayv2.Api | aws.apigateway.RestApi,
        stage_name: pulumi.Output[str],
        *,
        url: pulumi.Output[str],
        logs: aws.cloudwatch.LogGroup,
        metrics: ApiMetrics,
    ) -> None:
        self.metrics = metrics
        self.url, self.api_id, self.stage_name, self.log_group_name = url, api.id, stage_name, logs.name
        self.requests_arn = pulumi.Output.concat(api.execution_arn, "/", stage_name, "/*")
        self.register_outputs(
            {
                "url": self.url,
                "api_id": self.api_id,
                "stage_name": self.stage_name,
                "log_group_name": self.log_group_name,
                "requests_arn": self.requests_arn,
            }
        )
