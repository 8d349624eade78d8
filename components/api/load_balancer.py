"""LoadBalancer: an Application Load Balancer inside a VPC, in front of the functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api.api import Api
from components.api.api_args import ApiFunctions
from components.api.api_domain import RECORD_FAILURES, Domain
from components.function.inference_function import InferenceFunction
from components.function.permission import permit
from components.retries import explained

HTTPS_PORT = 443

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3 and 1.2.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""

SHORTEST_PATIENCE_SECONDS = 60
"""How long it waits for a function at least; AWS's default."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    functions: ApiFunctions
    vpc_id: str
    subnet_ids: Sequence[str]
    """Of that VPC, two or more, each in another zone."""
    callers: Sequence[str]
    """The ranges of addresses that may call, such as `10.0.0.0/8`."""
    domain: Domain
    timeout_seconds: int
    """How long the slowest function may run."""
    web_acl_arn: str | None = None
    """A regional web ACL of AWS WAF that checks every request."""

    def __post_init__(self) -> None:
        if len(self.subnet_ids) < 2:
            raise ValueError("a load balancer stands in two zones or more; give it a subnet in each")


class LoadBalancer(Api):
    """Admits the callers' addresses by TLS, and leads each model's paths to its function, all others to the server's.

    It has no public address, and asks callers for no identity.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:LoadBalancer", name, None, opts)
        self._name = name
        self._inside = pulumi.ResourceOptions(parent=self)
        balancer = aws.lb.LoadBalancer(
            name,
            internal=True,
            load_balancer_type="application",
            security_groups=[self._admit(args)],
            subnets=list(args.subnet_ids),
            idle_timeout=max(args.timeout_seconds + 1, SHORTEST_PATIENCE_SECONDS),
            drop_invalid_header_fields=True,
            opts=self._inside,
        )
        self._lead(balancer, args)
        self._check_by_web_acl(name, balancer.arn, args.web_acl_arn)
        if args.domain.hosted_zone_id:
            aws.route53.Record(
                f"{name}-record",
                zone_id=args.domain.hosted_zone_id,
                name=args.domain.name,
                type="A",
                aliases=[{"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": False}],
                opts=pulumi.ResourceOptions(parent=self, hooks=explained(f"{name}-record", RECORD_FAILURES)),
            )
        self.url = pulumi.Output.from_input(f"https://{args.domain.name}")
        self.requests_arn = balancer.arn
        self.register_outputs({"url": self.url, "requests_arn": self.requests_arn})

    def _admit(self, args: LoadBalancerArgs) -> pulumi.Output[str]:
        """The security group that admits the callers, and lets nothing out: Lambda is reached outside of the VPC."""
        group = aws.ec2.SecurityGroup(
            f"{self._name}-callers", vpc_id=args.vpc_id, description="Callers of the models", opts=self._inside
        )
        for callers in args.callers:
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-from-{callers}",
                security_group_id=group.id,
                cidr_ipv4=callers,
                ip_protocol="tcp",
                from_port=HTTPS_PORT,
                to_port=HTTPS_PORT,
                opts=self._inside,
            )
        return group.id

    def _lead(self, balancer: aws.lb.LoadBalancer, args: LoadBalancerArgs) -> None:
        groups = self._target_groups(args.functions)
        listener = aws.lb.Listener(
            f"{self._name}-listener",
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            certificate_arn=args.domain.certificate_arn,
            ssl_policy=TLS_POLICY,
            default_actions=[{"type": "forward", "target_group_arn": groups[args.functions.server]}],
            opts=self._inside,
        )
        for model, function in args.functions.models.items():
            aws.lb.ListenerRule(
                f"{self._name}-{model}-rule",
                listener_arn=listener.arn,
                # AWS numbers it: no path is another model's, so the order of the rules does not matter.
                conditions=[{"path_pattern": {"values": list(_patterns(model))}}],
                actions=[{"type": "forward", "target_group_arn": groups[function]}],
                opts=self._inside,
            )

    def _target_groups(self, functions: ApiFunctions) -> Mapping[InferenceFunction, pulumi.Output[str]]:
        """The ARN of a target group for each function, once its alias stands in it."""
        arns: dict[InferenceFunction, pulumi.Output[str]] = {}
        for function, label in functions.labels().items():
            group = aws.lb.TargetGroup(
                f"{self._name}-{label}",
                name_prefix="model-",  # a name may have 32 characters, which a model's alone may take
                target_type="lambda",
                lambda_multi_value_headers_enabled=True,
                opts=self._inside,
            )
            permission = permit(
                f"{self._name}-{label}-permission",
                "elasticloadbalancing",
                group.arn,
                function.function_name,
                qualifier=function.alias_name,
                opts=self._inside,
            )
            attachment = aws.lb.TargetGroupAttachment(
                f"{self._name}-{label}-target",
                target_group_arn=group.arn,
                target_id=function.alias_arn,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
            )
            arns[function] = attachment.target_group_arn
        return arns


def _patterns(model: str) -> Sequence[str]:
    """The paths of a model: a rule has five values at most."""
    return (f"/v1/models/{model}:*", *(f"/{part}/models/{model}{end}" for part in ("v1", "v2") for end in ("", "/*")))
