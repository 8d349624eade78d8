"""Rules about what each way in to the functions lacks, and what a load balancer needs."""

from collections.abc import Iterator, Mapping

from components.configuration.problem import Problem
from components.configuration.rules.rule import FEWER_MODELS, Rule, without_effect
from components.settings.api_settings import ApiKind
from components.settings.declaration import key_of
from components.settings.settings import Settings

MOST_RULES = 100
"""Rules of a load balancer, which mode single has one of for each model.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html"""

NAMES: Mapping[ApiKind, str] = {
    "http": "an http API",
    "rest": "a rest API",
    "url": "a function URL",
    "alb": "a load balancer",
}

_REST = "; set api to rest"
_UNCOUNTED = "counts no requests; reservedConcurrency bounds how many run at a time"

LACKS: Mapping[ApiKind, Mapping[str, str]] = {
    "http": {
        "web_acl_arn": "takes no web ACL; set api to rest or alb",
        "api_key_required": f"takes no API keys{_REST}",
        "api_tracing": f"takes no X-Ray tracing{_REST}",
    },
    "rest": {},
    "url": {
        "web_acl_arn": "takes no web ACL; set api to rest or alb",
        "api_key_required": f"takes no API keys{_REST}",
        "api_tracing": f"takes no X-Ray tracing{_REST}",
        "domain_name": "has a host name of Lambda's alone; set api to http, rest or alb",
        "throttling_burst": _UNCOUNTED,
        "throttling_rate": _UNCOUNTED,
        "api_routes_quota": "has no routes",
    },
    "alb": {
        "api_key_required": f"takes no API keys{_REST}",
        "api_tracing": f"takes no X-Ray tracing{_REST}",
        "throttling_burst": _UNCOUNTED,
        "throttling_rate": _UNCOUNTED,
        "api_routes_quota": "has rules of its own number",
        "cors_origins": "adds no CORS headers to the functions' answers; set api to http, rest or url",
    },
}
"""What a way in lacks, by the setting that asks for it, and what to do."""

OF_A_BALANCER: Mapping[str, str] = {
    "balancer_vpc_id": "the VPC that it stands in",
    "balancer_subnet_ids": "two of its subnets or more, each in another zone",
    "balancer_callers": "the addresses that may call, such as ['10.0.0.0/8']",
    "domain_name": "the host name that its certificate is for",
}
"""What a load balancer needs, by setting, in words."""


def a_way_in_has_what_is_asked_of_it(settings: Settings) -> Iterator[Problem]:
    """A setting that the way in cannot follow has no effect."""
    for field, reason in LACKS[settings.api].items():
        yield from without_effect(settings, [field], "api", f"{NAMES[settings.api]} {reason}")


def function_url_is_of_one_function(settings: Settings) -> Iterator[Problem]:
    """A function URL belongs to one function, and asks callers for AWS signatures or for nothing."""
    if settings.api != "url":
        return
    if settings.mode == "single" and len(settings.packaged) > 1:
        yield Problem(
            keys=("api", "mode"),
            message="a function URL leads to one function, and mode single makes one for each model; set mode to "
            "multi, api to another value, or name one model in models",
        )
    if settings.auth not in ("iam", "none"):
        more = " or rest" if settings.auth == "lambda" else ""
        yield Problem(
            keys=("auth", "api"),
            message=f"a function URL admits AWS identities, or everyone; for auth {settings.auth}, set api to http"
            f"{more}",
        )


def load_balancer_is_whole(settings: Settings) -> Iterator[Problem]:
    """A load balancer stands in a network, has a certificate, and admits addresses instead of identities."""
    if settings.api != "alb":
        reason = f"{NAMES[settings.api]} is in no network; set api to alb"
        yield from without_effect(settings, [key for key in OF_A_BALANCER if key != "domain_name"], "api", reason)
        return
    for field, what in OF_A_BALANCER.items():
        if not getattr(settings, field):
            key = key_of(field)
            yield Problem(keys=(key, "api"), message=f"a load balancer needs {key}: {what}; set it, or api to http")
    if len(settings.balancer_subnet_ids) == 1:
        yield Problem(
            keys=("balancerSubnetIds",),
            message="one subnet is not enough: a load balancer stands in two zones or more; name another subnet",
        )
    if settings.auth != "none":
        yield Problem(
            keys=("auth", "api"),
            message="a load balancer asks callers for no signature and no token, and admits the addresses in "
            "balancerCallers; set auth to none, or api to http",
        )
    if settings.mode == "single" and len(settings.packaged) > MOST_RULES:
        yield Problem(
            keys=("models", "mode", "api"),
            message=f"{len(settings.packaged)} models need as many rules, but a load balancer may have {MOST_RULES}; "
            f"set mode to multi, or {FEWER_MODELS}",
        )


ADVISED: tuple[Rule, ...] = ()

REFUSED: tuple[Rule, ...] = (
    a_way_in_has_what_is_asked_of_it,
    function_url_is_of_one_function,
    load_balancer_is_whole,
)
