"""Cases: the stacks that are deployed, each with what is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.shapes import SHAPES

UP, DESTROY = "up", "destroy"
"""The first and the last step of each case."""

ALWAYS = ("deployed", "quiet", "answers")
"""What holds in every case."""


PAGES = ("https://app.example.com", "https://admin.example.com")
"""The origins of pages that may call, in the cases where pages may."""

CANARY: Mapping[str, Any] = {"monitoring": True, "delivery": "canary10Percent5Minutes"}
"""A delivery in steps, with the alarms that stop it."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is done with a stack while it has some settings."""

    settings: Mapping[str, Any]
    steps: Sequence[str]
    """Names."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One stack, from its first update until it is gone."""

    name: str
    file: str = "dev"
    """The stack file."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    checks: Sequence[str] = ALWAYS
    """Names in `CHECKS`, in this order."""
    switches: Sequence[Mapping[str, Any]] = ()
    """Further settings, one update after the other, while callers call."""
    failing: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of an update whose new version fails on purpose while callers call, after the switches."""
    minutes: int = 15
    """How long it exists in an account, for the estimate of its cost."""

    @property
    def stages(self) -> Sequence[Stage]:
        """The settings that its stack has, one after the other, each with the steps that are taken then."""
        stages = [Stage(settings=self.settings, steps=(UP, *self.checks))]
        failing = [(self.failing, failing_title(self.failing))] if self.failing else []
        for change, step in [*((change, title(change)) for change in self.switches), *failing]:
            stages.append(Stage(settings={**stages[-1].settings, **change}, steps=(step,)))
        last = stages.pop()
        return [*stages, Stage(settings=last.settings, steps=(*last.steps, DESTROY))]


def title(change: Mapping[str, Any]) -> str:
    """The name of the step that changes these settings."""
    return ", ".join(f"{key} {value}" for key, value in change.items())


def failing_title(change: Mapping[str, Any]) -> str:
    """The name of the step in which a version with these settings fails on purpose."""
    return f"failing {title(change)}"


def _shapes() -> list[Case]:
    return [
        Case(
            name=f"{shape.storage}-{shape.mode}",
            settings={"storage": shape.storage, "mode": shape.mode},
            checks=ALWAYS if shape.storage == "image" else (*ALWAYS, "published", "rolled back"),
            minutes=30 if shape.storage in ("efs", "s3files") else 15,
        )
        for shape in SHAPES
    ]


CASES: Sequence[Case] = (
    *(Case(name=f"file-{name}", file=name, minutes=40) for name in ("dev", "staging", "prod")),
    *_shapes(),
    Case(
        name="rest",
        settings={
            **{"api": "rest", "auth": "iam", "timeoutSeconds": 28},
            **{"openHealthChecks": True, "corsOrigins": list(PAGES)},
        },
        checks=(*ALWAYS, "compressed", "pages"),
    ),
    Case(name="http-compressed", checks=(*ALWAYS, "compressed")),
    Case(name="canary", settings=CANARY, switches=({"memoryMib": 2048},), minutes=30),
    Case(name="failing-canary", settings=CANARY, failing={"memoryMib": 2048}, minutes=35),
    Case(name="switch", switches=({"storage": "efs"}, {"mode": "single"}, {"storage": "s3"}), minutes=120),
)
"""Every case that needs nothing but an account, in the order in which they run."""

DOMAIN = "domain"


def domain_case(name: str, certificate: str) -> Case:
    """A stack whose API has a domain name, and the certificate with this ARN. DNS need not know the name."""
    return Case(name=DOMAIN, settings={"domainName": name, "certificateArn": certificate}, checks=(*ALWAYS, "closed"))
