"""ApiDomain: a domain name for an API, with its certificate and, if a hosted zone is given, its DNS record."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.retries import explained

RECORD_FAILURES = {
    "but it already exists": "The hosted zone has this record already. If something else answers under this name, set "
    "another domainName. If an interrupted update left the record, delete it in the zone, then run `pulumi up` again."
}
"""What a refusal means, by Route 53's words."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain name of your own for an API."""

    name: str
    """Such as `models.example.com`."""
    certificate_arn: str
    """ARN of a certificate for that name, from AWS Certificate Manager in the API's region."""
    hosted_zone_id: str | None = None
    """The Route 53 zone that gets the record; None makes no record."""


@dataclass(frozen=True, kw_only=True)
class ApiDomainArgs:
    domain: Domain
    api_id: pulumi.Input[str]
    """Id of an HTTP API or a REST API."""
    stage_name: pulumi.Input[str]


class ApiDomain(pulumi.ComponentResource):
    """A regional domain name whose root is the API's root. It asks for TLS 1.2 or newer.

    It belongs to no API, so that it can lead to another one.
    """

    url: pulumi.Output[str]
    target: pulumi.Output[str]
    """The host name that a DNS record for the domain name must point to."""

    def __init__(self, name: str, args: ApiDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ApiDomain", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        domain = aws.apigatewayv2.DomainName(
            name,
            domain_name=args.domain.name,
            domain_name_configuration={
                "certificate_arn": args.domain.certificate_arn,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            opts=inside,
        )
        mapping = aws.apigatewayv2.ApiMapping(
            f"{name}-mapping",
            api_id=args.api_id,
            domain_name=domain.id,
            stage=args.stage_name,
            # A domain name's root leads to one API: another mapping cannot exist beside the first.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        target = domain.domain_name_configuration.target_domain_name.apply(lambda value: value or "")
        if args.domain.hosted_zone_id:
            zone = domain.domain_name_configuration.hosted_zone_id.apply(lambda value: value or "")
            aws.route53.Record(
                f"{name}-record",
                zone_id=args.domain.hosted_zone_id,
                name=args.domain.name,
                type="A",
                aliases=[{"name": target, "zone_id": zone, "evaluate_target_health": False}],
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[mapping], hooks=explained(f"{name}-record", RECORD_FAILURES)
                ),
            )
        self.url = pulumi.Output.concat("https://", domain.domain_name)
        self.target = target
        self.register_outputs({"url": self.url, "target": self.target})
