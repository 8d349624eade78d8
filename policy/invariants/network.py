"""Rules about networks and APIs: no route from or to the internet, access logs, limits, current TLS."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .documents import allowing, compared, is_everything, listed
from .resource import Inputs, Resource, is_set, made_from, of, of_type

CORS = {"aws:apigatewayv2/api:Api": "corsConfiguration", "aws:lambda/functionUrl:FunctionUrl": "cors"}
"""Types that decide which pages may call, and the input that says so."""

THE_INTERNET = {"0.0.0.0/0", "::/0"}


def networks_let_nobody_in(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No security group admits the internet."""
    for rule in _rules(type_, inputs, "ingress"):
        if THE_INTERNET & _addresses(rule):
            yield f"{name}: admits the internet"


def networks_let_nothing_out(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """No security group lets its members reach the whole internet."""
    for rule in _rules(type_, inputs, "egress"):
        if THE_INTERNET & _addresses(rule):
            yield f"{name}: lets everything out; name a group, a prefix list or addresses"


def networks_have_no_gateway_to_the_internet(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Subnets are private: no public addresses, no NAT gateway, no internet gateway."""
    if type_ in (
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
        "aws:ec2/eip:Eip",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
    ):
        yield f"{name}: leads to the internet; reach AWS through endpoints"
    if type_ == "aws:ec2/subnet:Subnet" and inputs.get("mapPublicIpOnLaunch"):
        yield f"{name}: gives public addresses"


@of("aws:ec2/vpcEndpoint:VpcEndpoint")
def endpoints_let_named_resources_through(name: str, inputs: Inputs) -> Iterator[str]:
    """An endpoint has a policy. A gateway's names what may be reached; an interface's may name an account instead."""
    if not is_set(inputs, "policy"):
        yield f"{name}: an endpoint must have a policy; AWS's default lets everything through"
        return
    for statement in allowing(inputs["policy"]):
        if not any(map(is_everything, listed(statement.get("Resource")))):
            continue
        if inputs.get("vpcEndpointType") == "Gateway":
            yield f"{name}: lets every resource through; name the bucket"
        elif not {"aws:PrincipalAccount", "aws:ResourceAccount"} <= compared(statement):
            yield f"{name}: lets every account through; compare aws:PrincipalAccount and aws:ResourceAccount"


def apis_log_and_throttle(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Every stage of an API has an access log and throttling limits."""
    stages = ("aws:apigatewayv2/stage:Stage", "aws:apigateway/stage:Stage")
    if type_ in stages and not inputs.get("accessLogSettings"):
        yield f"{name}: a stage must have an access log"
    limits: Mapping[str, Any] | None = None
    if type_ == "aws:apigatewayv2/stage:Stage":
        limits = inputs.get("defaultRouteSettings") or {}
    elif type_ == "aws:apigateway/methodSettings:MethodSettings":
        limits = inputs.get("settings") or {}
    if limits is not None and not (limits.get("throttlingBurstLimit") and limits.get("throttlingRateLimit")):
        yield f"{name}: a stage must have throttling limits"


def domains_speak_current_tls(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """A domain name of the stack accepts only TLS 1.2 and later."""
    policy = None
    if type_ == "aws:apigatewayv2/domainName:DomainName":
        policy = (inputs.get("domainNameConfiguration") or {}).get("securityPolicy")
    elif type_ == "aws:apigateway/domainName:DomainName":
        policy = inputs.get("securityPolicy")
    elif type_ == "aws:lb/listener:Listener":
        policy = inputs.get("sslPolicy") if inputs.get("protocol") == "HTTPS" else None
    else:
        return
    if policy is None or not ("TLS_1_2" in policy or "TLS13" in policy):
        yield f"{name}: the security policy must be TLS_1_2 or newer, not {policy}"


@of("aws:lb/loadBalancer:LoadBalancer")
def load_balancers_are_internal(name: str, inputs: Inputs) -> Iterator[str]:
    """No load balancer has a public address: it asks callers for no identity."""
    if not inputs.get("internal"):
        yield f"{name}: has a public address; set internal"


def browsers_send_no_credentials_to_everyone(type_: str, name: str, inputs: Inputs) -> Iterator[str]:
    """Only named origins may send cross-origin requests with credentials."""
    key = CORS.get(type_)
    cors = inputs.get(key) if key else None
    if cors and cors.get("allowCredentials") and "*" in list(cors.get("allowOrigins") or []):
        yield f"{name}: allowCredentials does not go with the origin *"


def preflights_run_no_function(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Where pages of other sites may call, no route takes their preflight requests: API Gateway answers by itself."""
    for api in of_type(resources, "aws:apigatewayv2/api:Api"):
        if not is_set(api.inputs, "corsConfiguration"):
            continue
        for route in made_from(resources, "aws:apigatewayv2/route:Route", api):
            if str(route.inputs.get("routeKey")).split()[0] in ("ANY", "OPTIONS", "$default"):
                yield route, "takes preflight requests, which anybody may send; give it the methods of its callers"


def rest_apis_answer_preflights_themselves(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A REST API that takes preflight requests on one path answers them by itself on each, and asks for nothing."""
    for api in of_type(resources, "aws:apigateway/restApi:RestApi"):
        body = api.inputs.get("body")
        paths: Mapping[str, Any] = json.loads(body)["paths"] if isinstance(body, str) else {}
        if not any("options" in methods for methods in paths.values()):
            continue
        for path, methods in paths.items():
            method: Mapping[str, Any] = methods.get("options", {})
            is_mock = method.get("x-amazon-apigateway-integration", {}).get("type") == "mock"
            if not is_mock or method.get("security"):
                yield api, f"{path} leads preflight requests, which anybody may send, to a function or a check"


def _rules(type_: str, inputs: Inputs, way: str) -> list[Mapping[str, Any]]:
    """The `ingress` or the `egress` rules that a resource has, whichever type it is."""
    if type_ == f"aws:vpc/securityGroup{way.capitalize()}Rule:SecurityGroup{way.capitalize()}Rule":
        return [inputs]
    if type_ in ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"):
        return list(inputs.get(way) or [])
    if type_ == "aws:ec2/securityGroupRule:SecurityGroupRule" and inputs.get("type") == way:
        return [inputs]
    return []


def _addresses(rule: Mapping[str, Any]) -> set[Any]:
    one = {rule[key] for key in ("cidrIpv4", "cidrIpv6") if is_set(rule, key)}
    return one.union(*(rule.get(key) or () for key in ("cidrBlocks", "ipv6CidrBlocks")))
