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


class GatewayApi(Api):
    """The base of both kinds of API of API Gateway: their outputs."""

    api_id: pulumi.Output[str]
    stage_name: pulumi.Output[str]

    def _register(
        self,
        *,
        url: pulumi.Output[str],
        api_id: pulumi.Output[str],
        stage_name: pulumi.Output[str],
        logs: aws.cloudwatch.LogGroup,
        execution_arn: pulumi.Output[str],
        metrics: ApiMetrics,
    ) -> None:
        self.metrics = metrics
        self.url, self.api_id, self.stage_name, self.log_group_name = url, api_id, stage_name, logs.name
        self.requests_arn = pulumi.Output.concat(execution_arn, "/", stage_name, "/*")
        self.register_outputs(
            {
                "url": self.url,
                "api_id": self.api_id,
                "stage_name": self.stage_name,
                "log_group_name": self.log_group_name,
                "requests_arn": self.requests_arn,
            }
        )
