"""Rules about changes: what a change of a living stack costs, and what AWS would refuse half-way."""

from collections.abc import Callable, Iterator

from components.configuration.deployed import Deployed
from components.configuration.problem import Problem
from components.configuration.rules.bucket_changes import another_bucket_says_what_answers
from components.configuration.rules.concurrency import ACCOUNT_CONCURRENCY, UNRESERVABLE_CONCURRENCY, most_ready
from components.settings.declaration import key_of
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES

Change = Callable[[Deployed, Deployed], Iterator[Problem]]
"""Takes what is deployed and what shall be. Yields a problem for each price, or for each mistake."""

NETWORK_FIELDS = ("vpc_id", "subnet_ids", "vpc_cidr")
"""Settings of which a change means another network for file systems."""

READY_FIELDS = (*("provisioned_concurrency", "provisioned_concurrency_maximum", "provisioned_concurrency_schedule"),)
"""Settings that keep environments ready."""


def callers_move(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """Another kind of API, or another domain name, is another address."""
    old, new = before.settings, after.settings
    if old.domain_name != new.domain_name:
        yield Problem(
            keys=("domainName",),
            message=f"callers of {old.domain_name or 'the execute-api host name'} get no answers any more once this is "
            f"deployed; the new address is {new.domain_name or 'the output apiUrl'}; tell them before, or keep the "
            "setting as it is",
        )
    elif old.api != new.api and not new.domain_name:
        yield Problem(
            keys=("api",),
            message=f"the {new.api} API has another address, and that of the {old.api} API ends with this update; tell "
            "callers of the output apiUrl, or first set domainName, whose name leads to either",
        )
    elif old.api != new.api and "alb" in (old.api, new.api):
        yield Problem(
            keys=("api",),
            message=f"the record of {new.domain_name} leads to what this update deletes; after it, point the record to "
            "the new address, and deploy when few callers call",
        )
    elif old.api != new.api:
        yield Problem(
            keys=("api",),
            message=f"{new.domain_name} stays, but leads nowhere for some seconds, while its mapping goes from the "
            f"{old.api} API to the {new.api} API; deploy when few callers call",
        )


def file_systems_are_replaced(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """A file system belongs to one network and one key."""
    for storage in sorted(before.storages & after.storages & set(MOUNTED_STORAGES)):
        for keys, reason in _replacing(before.settings, after.settings):
            yield Problem(
                keys=keys,
                message=f"{reason}, so the file system of storage {storage} is replaced: a new one is filled before "
                "functions mount it, and the old one is deleted then; the update takes as long as the copy, and both "
                "are billed meanwhile; change nothing else in the same update",
            )


def throughput_is_lowered_once_a_day(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """EFS changes the mode, and lowers what is provisioned, once in 24 hours."""
    old, new = before.settings, after.settings
    lowered = (new.efs_provisioned_mibps or 0) < (old.efs_provisioned_mibps or 0)
    if "efs" in before.storages & after.storages and (old.efs_throughput != new.efs_throughput or lowered):
        yield Problem(
            keys=_changed(old, new, ("efs_throughput", "efs_provisioned_mibps")),
            message="EFS changes the mode of its throughput, or lowers it, once in 24 hours, and refuses the next such "
            "change until then; if this is refused, run `pulumi up` again a day after the last one",
        )


def networks_end(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """Lambda holds the network of a function for a while after it has left."""
    if before.settings.vpc_id or not before.storages & set(MOUNTED_STORAGES):
        return
    is_needed = bool(after.storages & set(MOUNTED_STORAGES))
    keys = _changed(before.settings, after.settings, NETWORK_FIELDS) if is_needed else ("storage",)
    if keys:
        yield Problem(
            keys=keys,
            message="the VPC that the stack made is deleted when nothing uses it any more; Lambda keeps its network "
            "interfaces for up to 45 minutes after the functions have moved, and the update waits for them; let it run",
        )


def repositories_end(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """AWS changes no key of an image repository, and the stack keeps none that it does not use."""
    if before.settings.image_uri:
        return
    keys = ("imageUri",) if after.settings.image_uri else ("kmsKeyArn",)
    if after.settings.image_uri or before.settings.kms_key_arn != after.settings.kms_key_arn:
        yield Problem(
            keys=keys,
            message="the image repository that the stack made is deleted with its images, so that versions which were "
            "published before may not start again; wait with this change while you may have to roll back",
        )


def queues_end(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """A queue belongs to one function, and is deleted with the messages that are in it."""
    old, new = before.settings, after.settings
    if not old.asynchronous:
        return
    if not new.asynchronous:
        keys, what = ("asynchronous",), "the queues"
    elif old.mode != new.mode:
        keys, what = ("mode",), "the queues of the functions that are replaced"
    elif old.mode == "single" and _lost(before, after):
        keys, what = ("models",), "the queues of the models that go"
    else:
        return
    yield Problem(
        keys=keys,
        message=f"{what} are deleted with what is in them: requests that were accepted and are not answered by then "
        "stay without an answer; let callers and batches wait for their answers first, or ask again after it",
    )


def _lost(before: Deployed, after: Deployed) -> frozenset[str]:
    """The models that are served and would not be served any more."""
    return before.known - (after.serves if after.serves is not None else before.known | after.models)


def models_are_served_no_more(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """Requests for such a model are answered with 404."""
    if lost := _lost(before, after):
        yield Problem(
            keys=("models", "modelRepository"),
            message=f"{', '.join(sorted(lost))} {'is' if len(lost) == 1 else 'are'} served now and would not be served "
            "any more: callers get 404; the files stay in the bucket; name every model that is still asked for in "
            "models, or package it again",
        )


def reserved_concurrency_is_lowered_last(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """Lambda refuses to reserve less than what is kept ready, and the functions are updated first."""
    ready = most_ready(before.settings)
    reserved = after.settings.reserved_concurrency
    if reserved is not None and reserved < ready:
        yield Problem(
            keys=("reservedConcurrency", "provisionedConcurrency"),
            message=f"{ready} environments are kept ready now, and Lambda refuses to reserve {reserved}; lower what is "
            "kept ready, run `pulumi up`, then lower reservedConcurrency",
        )


def what_excludes_ready_environments_comes_after_them(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """Resources that are not needed any more are deleted last, so environments are still kept ready when functions
    change."""
    if not most_ready(before.settings):
        return
    others = {"snapStart": after.settings.snap_start, "delivery": after.settings.delivery != "allAtOnce"}
    for key, is_set in others.items():
        if is_set:
            ready = [key_of(name) for name in READY_FIELDS if getattr(before.settings, name)]
            yield Problem(
                keys=(key, *ready),
                message=f"environments are still kept ready while functions change, and Lambda refuses {key} beside "
                f"them; leave {' and '.join(ready)} out, run `pulumi up`, then set {key}",
            )


def reserved_concurrency_fits_while_both_modes_are_there(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """The functions of one mode are deleted after those of the other are made."""
    most = ACCOUNT_CONCURRENCY - UNRESERVABLE_CONCURRENCY
    reserved = _reserved(before) + _reserved(after)
    if before.settings.mode != after.settings.mode and reserved > most and _reserved(after) <= most:
        yield Problem(
            keys=("mode", "reservedConcurrency"),
            message=f"the functions of both modes are there for a while, and reserve {reserved} together; an account "
            f"can reserve {most} in a region unless AWS raised its quota; set reservedConcurrency to -1, run "
            "`pulumi up`, change the mode, then set reservedConcurrency again",
        )


def _reserved(deployed: Deployed) -> int:
    functions = len(deployed.models) if deployed.settings.mode == "single" else 1
    return functions * (deployed.settings.reserved_concurrency or 0)


def _replacing(old: Settings, new: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """The settings that replace a file system, with the reason."""
    if old.kms_key_arn != new.kms_key_arn:
        yield ("kmsKeyArn",), "a file system keeps the key that it was made with"
    if keys := _changed(old, new, NETWORK_FIELDS):
        yield keys, "a file system stays in the network that it was made in"


def _changed(old: Settings, new: Settings, names: tuple[str, ...]) -> tuple[str, ...]:
    def value(settings: Settings, name: str) -> object:
        found = getattr(settings, name)
        return sorted(found) if isinstance(found, tuple) else found

    return tuple(key_of(name) for name in names if value(old, name) != value(new, name))


def a_host_name_leads_to_one_way_in(before: Deployed, after: Deployed) -> Iterator[Problem]:
    """The record of a load balancer is another resource than that of an API, and the old one goes last."""
    old, new = before.settings, after.settings
    record = (old.domain_name, old.hosted_zone_id)
    is_kept = all(record) and record == (new.domain_name, new.hosted_zone_id)
    if old.api != new.api and "alb" in (old.api, new.api) and is_kept:
        yield Problem(
            keys=("api", "hostedZoneId"),
            message=f"{old.domain_name} has a DNS record, and Route 53 refuses a second one; leave hostedZoneId out, "
            "run `pulumi up`, then change api and set hostedZoneId again",
        )


REFUSED: tuple[Change, ...] = (
    a_host_name_leads_to_one_way_in,
    reserved_concurrency_is_lowered_last,
    what_excludes_ready_environments_comes_after_them,
)

ADVISED: tuple[Change, ...] = (
    callers_move,
    file_systems_are_replaced,
    throughput_is_lowered_once_a_day,
    networks_end,
    repositories_end,
    another_bucket_says_what_answers,
    queues_end,
    models_are_served_no_more,
    reserved_concurrency_fits_while_both_modes_are_there,
)
