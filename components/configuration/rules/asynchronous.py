"""Rules about requests that are answered later."""

from collections.abc import Iterator

from components.configuration.problem import Problem
from components.configuration.rules.rule import Rule, for_each_function, without_effect
from components.settings.settings import Settings
from components.settings.storage_settings import MOUNTED_STORAGES
from handlers.contract import ASYNCHRONOUS_PREFIX, KEPT_DAYS

SERVICE = "sqs"
"""The service by which functions send the messages, as the name of its endpoint has it."""


def functions_in_a_network_reach_the_queue(settings: Settings) -> Iterator[Problem]:
    """The VPC that the stack makes leads to S3, and to what interfaceEndpoints names."""
    if _lacks_an_endpoint(settings) and not settings.vpc_id:
        yield Problem(
            keys=("asynchronous", "storage", "interfaceEndpoints"),
            message="functions that mount a file system are in a network that does not lead to SQS; name sqs in "
            "interfaceEndpoints, which AWS bills by the hour and zone, set storage to s3 or image, or asynchronous to "
            "false",
        )


def functions_have_the_concurrency(settings: Settings) -> Iterator[Problem]:
    """Lambda throttles what exceeds the reserved concurrency, and each throttled message loses a try."""
    reserved, wanted = settings.reserved_concurrency, settings.asynchronous_concurrency
    if settings.asynchronous and reserved and reserved < wanted:
        yield Problem(
            keys=("asynchronousConcurrency", "reservedConcurrency"),
            message=f"{wanted} messages at once are more than the {reserved} requests that are reserved for the "
            f"function; set asynchronousConcurrency to {reserved} or less, but 2 or more, or reserve more",
        )


def concurrency_is_of_queues(settings: Settings) -> Iterator[Problem]:
    """Without queues, nothing is worked on."""
    if not settings.asynchronous:
        reason = "every request is answered at once; set asynchronous to true"
        yield from without_effect(settings, ["asynchronous_concurrency"], "asynchronous", reason)


def an_existing_network_leads_to_the_queue(settings: Settings) -> Iterator[Problem]:
    """What a VPC that was there before leads to is not known."""
    if _lacks_an_endpoint(settings) and settings.vpc_id:
        yield Problem(
            keys=("asynchronous", "vpcId"),
            message=f"functions send messages to SQS and write below {ASYNCHRONOUS_PREFIX}/ in the bucket; see that "
            f"{settings.vpc_id} leads to SQS, by an endpoint or a NAT gateway, and that its S3 endpoint admits "
            "s3:PutObject; or name sqs in interfaceEndpoints",
        )


def an_existing_bucket_forgets_nothing(settings: Settings) -> Iterator[Problem]:
    """The stack sets nothing of a bucket that was there before."""
    if settings.asynchronous and settings.model_bucket:
        yield Problem(
            keys=("asynchronous", "modelBucket"),
            message=f"requests and answers are kept below {ASYNCHRONOUS_PREFIX}/ in {settings.model_bucket}, and "
            f"nothing deletes them; give the bucket a lifecycle rule that expires them after {KEPT_DAYS} days",
        )


def _lacks_an_endpoint(settings: Settings) -> bool:
    in_a_network = settings.asynchronous and settings.uses(*MOUNTED_STORAGES)
    return in_a_network and SERVICE not in settings.interface_endpoints


REFUSED: tuple[Rule, ...] = (
    functions_in_a_network_reach_the_queue,
    for_each_function(functions_have_the_concurrency),
    concurrency_is_of_queues,
)

ADVISED: tuple[Rule, ...] = (an_existing_network_leads_to_the_queue, an_existing_bucket_forgets_nothing)
