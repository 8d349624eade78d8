"""Api: what the rest of a stack knows of the way in to its functions, whichever kind it is."""

import pulumi
import pulumi_aws as aws


class Api(pulumi.ComponentResource):
    """The base of every kind."""

    url: pulumi.Output[str]
    """By AWS's own host name. Has no slash at its end; `/v1/…` and `/v2/…` follow."""


class GatewayApi(Api):
    """The base of both kinds of API of API Gateway: their outputs."""

    api_id: pulumi.Output[str]
    stage_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def _register(
        self,
        *,
        url: pulumi.Output[str],
        api_id: pulumi.Output[str],
        stage_name: pulumi.Output[str],
        logs: aws.cloudwatch.LogGroup,
    ) -> None:
        self.url, self.api_id, self.stage_name, self.log_group_name = url, api_id, stage_name, logs.name
        self.register_outputs(
            {
                "url": self.url,
                "api_id": self.api_id,
                "stage_name": self.stage_name,
                "log_group_name": self.log_group_name,
            }
        )
