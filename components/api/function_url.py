"""FunctionUrl: the address that Lambda itself gives a function, without a gateway in front."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api.api import Api
from components.api.api_access import FixedAccess
from components.api.cors import Cors, cors_configuration
from components.function.inference_function import InferenceFunction


@dataclass(frozen=True, kw_only=True)
class FunctionUrlArgs:
    function: InferenceFunction
    """Answers every path."""
    auth: FixedAccess = "iam"
    """Who may call."""
    cors: Cors | None = None
    """None lets no page of another site call."""


class FunctionUrl(Api):
    """Leads every request to the function's alias. Lambda waits for an answer as long as the function may run.

    Where everyone may call, the provider itself permits it in the policy of the alias; else callers need
    `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """

    def __init__(self, name: str, args: FunctionUrlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:FunctionUrl", name, None, opts)
        made = aws.lambda_.FunctionUrl(
            name,
            function_name=args.function.function_name,
            qualifier=args.function.alias_name,
            authorization_type="NONE" if args.auth == "none" else "AWS_IAM",
            cors=cors_configuration(args.cors) if args.cors else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.url = made.function_url.apply(lambda url: url.rstrip("/"))
        self.requests_arn = args.function.alias_arn
        self.register_outputs({"url": self.url, "requests_arn": self.requests_arn})
