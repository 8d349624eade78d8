"""What goes wrong with single resources: each type fails once at its creation, and each is deleted once by hand.

`python -m tests.engine.mishaps` lets it happen to every type of the program, in stacks that have all of them between
them, and prints a line for each. After a creation that failed comes `pulumi up`, after a deletion `pulumi refresh` and
`pulumi up`. A second refresh must find nothing then but an alias that a gradual delivery moved, a second update must
change nothing, and a function must answer. A type that was in no stack, or could not be deleted, counts as wrong.
"""

import argparse
import json
import shutil
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from local.engine.results import Result
from local.engine.running import EngineRun, engine_run
from local.publishing import copy_model
from local.resources.provider import EmulatedProvider, Named
from local.resources.refusals import refused
from local.resources.resource_type import Inputs, State
from local.stack import SETTINGS
from local.stack_config import PROJECT
from local.surroundings import DOMAIN, Surroundings, make_surroundings
from ops.resource_types import resource_types

OUTAGE = "a creation that fails once"
"""What the emulated AWS answers."""

EXAMPLE = [[5.1, 3.5, 1.4, 0.2]]
"""An instance for the model of every stack."""

MANY_MODELS = [f"m{number}" for number in range(30)]
"""More than one policy of a role has room for."""

SHAPES: Mapping[str, Callable[[Surroundings], Mapping[str, Any]]] = {
    "efs": lambda around: {
        **{"storage": "efs", "monitoring": True, "delivery": "canary10Percent5Minutes"},
        **{"auth": "lambda", "authorizerArn": around.authorizer_arn},
        **{"domainName": f"models.{DOMAIN}", "certificateArn": around.certificate_arn},
        "hostedZoneId": around.hosted_zone_id,
    },
    "s3files": lambda around: {
        **{"storage": "s3files", "mode": "single", "api": "rest", "interfaceEndpoints": ["kms"]},
        **{"webAclArn": around.web_acl_arn, "apiKeyRequired": True},
        **{"provisionedConcurrency": 1, "provisionedConcurrencyMaximum": 3},
        "provisionedConcurrencySchedule": {"day": {"schedule": "cron(0 8 * * ? *)", "minimum": 2, "maximum": 3}},
    },
    "image": lambda around: {
        **{"storage": "image", "mode": "single", "snapStart": True},
        **{"api": "alb", "domainName": f"models.{DOMAIN}", "certificateArn": around.certificate_arn},
        **{"balancerVpcId": around.vpc_id, "balancerSubnetIds": around.subnet_ids, "balancerCallers": ["10.0.0.0/8"]},
    },
    "many models": lambda around: {"models": MANY_MODELS, "asynchronous": True, "api": "url"},
}
"""The settings of stacks that have every type between them."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "the API": ("aws:apigateway/", "aws:apigatewayv2/", "aws:route53/", "aws:wafv2/"),
    "functions and what operates them": (
        *("aws:lambda/", "aws:iam/", "aws:cloudwatch/", "aws:codedeploy/", "aws:sqs/", "aws:appautoscaling/"),
    ),
    "the network": ("aws:ec2/", "aws:vpc/"),
    "file systems": ("aws:efs/", "aws:s3/files"),
    "the load balancer": ("aws:lb/",),
    "the bucket": ("aws:s3/bucket",),
    "the image repository": ("aws:ecr/",),
}
"""Types in groups, by how their names begin. What is in use alone can be deleted with all that uses it."""

IN_USE = frozenset({"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"})
"""Types that AWS may refuse to delete even so: functions and file systems stand in them."""

LEAVE_NOTHING = frozenset(
    {
        "aws:lambda/invocation:Invocation",
        "docker:index/image:Image",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    }
)
"""Types of which nothing can be deleted: a call, a build, and a group that goes with its VPC."""

LEAVE_A_DEFAULT = frozenset(
    {
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
    }
)
"""Types whose deletion leaves another value, and not nothing: each bucket encrypts; versions can only be suspended."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How a stack recovered."""

    what: str
    types: frozenset[str]
    """What failed, or was deleted."""
    problem: str
    """Empty where it converged and the next update changed nothing."""

    def __str__(self) -> str:
        return f"{self.what}: {self.problem or 'converged'}"


def fail_each_once(run: EngineRun, settings: Mapping[str, Any]) -> Recovery:
    """Deploy a stack in which the first creation of every type fails, by as many updates as that takes."""
    with _outage() as failed:
        before = -1
        while before < len(failed):
            before = len(failed)
            result = run.stack.up(settings)
    what = f"{len(failed)} types failed at their first creation"
    return Recovery(what=what, types=frozenset(failed), problem=_problem(run, result))


def delete_each(run: EngineRun) -> Iterator[Recovery]:
    """Delete a resource of each type, one type after the other, those first that were made last."""
    for pulumi_type in dict.fromkeys(each["type"] for each in _resources(run, ("",))):
        yield from _deleted(run, pulumi_type, _resources(run, (pulumi_type,))[:1])


def delete_some(run: EngineRun, what: str, prefixes: Sequence[str]) -> Iterator[Recovery]:
    """Delete all resources of these types, those first that were made last, and let the stack recover; nothing if AWS
    refuses all."""
    yield from _deleted(run, what, _resources(run, prefixes))


def _deleted(run: EngineRun, what: str, resources: Sequence[Mapping[str, Any]]) -> Iterator[Recovery]:
    deleted = [each["type"] for each in resources if _delete(run, each)]
    if not deleted:
        return
    found = run.stack.refresh()
    gone = sum(each not in LEAVE_A_DEFAULT for each in deleted)
    missed = "" if found.changes.get("delete", 0) >= gone else "the refresh did not find all that is gone"
    problem = _wrong(found) or missed or _problem(run, run.stack.up())
    yield Recovery(what=f"{what} deleted ({len(deleted)})", types=frozenset(deleted), problem=problem)


def _problem(run: EngineRun, result: Result) -> str:
    """What is wrong after an update that must have mended everything."""
    if wrong := _wrong(result):
        return wrong
    known = _outputs(run)
    refreshed = run.stack.refresh()
    moved = {each["type"] for urn, each in _outputs(run).items() if each != known.get(urn)} - _delivered(known)
    if wrong := _wrong(refreshed):
        return wrong
    if moved or refreshed.changes.get("delete"):
        return f"another refresh is not quiet: {dict(refreshed.changes)} {', '.join(sorted(moved))}"
    again = run.stack.up()
    if again.quiet:
        return _unanswered(run, again)
    steps = [f"{step.operation} {step.name}" for step in again.steps if step.changed]
    return _wrong(again) or f"another up is not quiet: {dict(again.changes)} {', '.join(steps)}"


def _unanswered(run: EngineRun, result: Result) -> str:
    """What is wrong with the answer of the first model's function; empty if it is a prediction."""
    model, function = next(iter(result.outputs["functionNames"].items()))
    event = json.dumps({"model": model, "instances": EXAMPLE})
    answer = run.account.client("lambda").invoke(FunctionName=function, Qualifier="live", Payload=event)
    text = answer["Payload"].read().decode()
    return "" if "predictions" in json.loads(text) else f"{function} answers {text}"


def _outputs(run: EngineRun) -> Mapping[str, Mapping[str, Any]]:
    """What the state says of each resource, by URN: its type and its outputs."""
    return {each["urn"]: {"type": each["type"], **each.get("outputs", {})} for each in run.stack.resources()}


def _delivered(known: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The types that a gradual delivery changes after an update, for the next refresh to find."""
    has_delivery = any(each["type"] == "aws:codedeploy/deploymentGroup:DeploymentGroup" for each in known.values())
    return {"aws:lambda/alias:Alias"} if has_delivery else set()


def _wrong(result: Result) -> str:
    return "" if result.succeeded else f"{result.operation} fails: {' '.join(result.errors)}"


def _resources(run: EngineRun, prefixes: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """The resources of types that begin so, those first that were made last."""
    own = [each for each in run.stack.resources() if each.get("custom") and not each.get("external")]
    return [
        each
        for each in reversed(own)
        if each["type"].startswith(tuple(prefixes)) and not each["type"].startswith("pulumi:")
        if each["type"] not in LEAVE_NOTHING
    ]


def _delete(run: EngineRun, resource: Mapping[str, Any]) -> bool:
    """Delete a resource behind the engine's back. False where AWS refuses, because something uses it."""
    named = Named(pulumi_type=resource["type"], name=resource["urn"].rpartition("::")[2])
    try:
        EmulatedProvider(run.account).delete(named, resource["id"], resource["outputs"])
    except ClientError:
        return False
    return True


@contextmanager
def _outage() -> Generator[list[str]]:
    """The first creation of each type fails, before anything is made. Gives the types that failed."""
    failed: list[str] = []
    lock, create = threading.Lock(), EmulatedProvider.create

    def once(provider: EmulatedProvider, resource: Named, inputs: Inputs) -> State:
        with lock:
            is_first = resource.pulumi_type not in failed
            if is_first:
                failed.append(resource.pulumi_type)
        if is_first:
            raise refused("Create", "ServiceUnavailable", f"{OUTAGE}: {resource.pulumi_type}")
        return create(provider, resource, inputs)

    with patch.object(EmulatedProvider, "create", once):
        yield failed


@contextmanager
def stack_of(shape: str, model: Path) -> Generator[tuple[EngineRun, Mapping[str, Any]]]:
    """An emulated AWS with what the settings of a shape name, and these settings. `model`: a packaged model."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        repository = directory / "repository"
        shutil.copytree(model, repository / model.name)
        for each in MANY_MODELS if shape == "many models" else ():
            copy_model(model, each, repository)
        with engine_run(directory / "pulumi") as run:
            own = SHAPES[shape](make_surroundings(run.account, repository))
            yield run, {**SETTINGS, "modelRepository": str(repository), "deleteModelsOnDestroy": True, **own}


def mishaps(shape: str, model: Path) -> Iterator[Recovery]:
    """Everything that goes wrong in a stack of a shape."""
    with stack_of(shape, model) as (run, settings):
        yield fail_each_once(run, settings)
        yield from delete_each(run)
        for family, prefixes in FAMILIES.items():
            yield from delete_some(run, family, prefixes)


def main() -> int:
    """Let everything go wrong; 1 if a stack did not recover once, or a type was left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, action="append", help="only this stack; repeatable")
    options = parser.parse_args()
    wrong = 0
    deleted, failed = set[str](), set[str]()
    for shape in options.shape or SHAPES:
        print(f"{shape}:", flush=True)
        for recovery in mishaps(shape, PROJECT / "build" / "repository" / "iris"):
            print(f"  {recovery}", flush=True)
            wrong += bool(recovery.problem)
            (deleted if "deleted" in recovery.what else failed).update(recovery.types)
    kept = sorted(failed - deleted - LEAVE_NOTHING - IN_USE)
    lacking = [] if options.shape else sorted(resource_types().keys() - failed)
    print(f"{len(failed)} types failed once, {len(deleted)} were deleted; never deleted: {kept}; never made: {lacking}")
    return 1 if wrong or kept or lacking else 0


if __name__ == "__main__":
    sys.exit(main())
