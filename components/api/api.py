"""Api: what the rest of a stack knows of its API, whichever kind it is."""

import pulumi
import pulumi_aws as aws

from components.api.api_args import ApiArgs
from components.api.api_domain import ApiDomain, ApiDomainArgs


class Api(pulumi.ComponentResource):
    """The base of both kinds of API: their outputs, and a domain name where one is asked for."""

    url: pulumi.Output[str]
    """Has no slash at its end; `/v1/…` and `/v2/…` follow."""
    api_id: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def _register(
        self,
        name: str,
        args: ApiArgs,
        logs: aws.cloudwatch.LogGroup,
        *,
        api_id: pulumi.Output[str],
        stage_name: pulumi.Output[str],
        stage_url: pulumi.Output[str],
    ) -> None:
        """Make the domain name, if any, and register the outputs. `stage_url` is the URL without a domain name."""
        self.url = stage_url
        if args.domain:
            arguments = ApiDomainArgs(domain=args.domain, api_id=api_id, stage_name=stage_name)
            self.url = ApiDomain(f"{name}-domain", arguments, pulumi.ResourceOptions(parent=self)).url
        self.api_id = api_id
        self.log_group_name = logs.name
        self.register_outputs({"url": self.url, "api_id": self.api_id, "log_group_name": self.log_group_name})
