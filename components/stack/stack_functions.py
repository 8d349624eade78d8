"""The functions of a stack: one for all models in mode multi, one for each model in mode single."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.function.asynchronous_requests import AsynchronousRequests, RequestQueue
from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.function.provisioned_concurrency import (
    ProvisionedConcurrency,
    ProvisionedConcurrencyArgs,
    ScheduledConcurrency,
)
from components.settings.settings import Mode, Settings
from components.stack.stack_storages import StackStorages
from handlers.contract import MULTI_MODEL_HANDLER, SINGLE_MODEL_HANDLER, MetricSet

HANDLERS: Mapping[Mode, str] = {"single": SINGLE_MODEL_HANDLER, "multi": MULTI_MODEL_HANDLER}


@dataclass(frozen=True, kw_only=True)
class StackFunction:
    """A function of the stack, with the settings that it was made from."""

    name: str
    """Plain: part of the names of what belongs to it."""
    settings: Settings
    function: InferenceFunction
    requests: RequestQueue | None = None
    """The queue of those that it answers later."""

    @property
    def models(self) -> Sequence[str]:
        """The models that it serves, as far as the deployment knows them."""
        known = [model.name for model in self.settings.packaged]
        return known if self.settings.served is None else self.settings.served


def stack_functions(
    name: str,
    settings: Settings,
    storages: StackStorages,
    requests: AsynchronousRequests | None,
    opts: pulumi.ResourceOptions,
) -> list[StackFunction]:
    """A stack's functions, each with what keeps it ready, and with what leads to it the requests that are answered
    later. The first one answers for the server: it lists all models."""
    made: list[StackFunction] = []
    for own in settings.functions():
        listed = [] if made or own.mode == "multi" else [model.name for model in settings.packaged]
        own_name = name if own.mode == "multi" else f"{name}-{own.packaged[0].name}"
        queue = requests and requests.queue(own_name, own.served, own.timeout_seconds)
        function = InferenceFunction(own_name, _arguments(own, storages, listed, queue), opts)
        if requests and queue:
            requests.lead(queue, function.alias_arn)
        if own.provisioned_concurrency or own.provisioned_concurrency_schedule:
            ProvisionedConcurrency(f"{own_name}-ready", _kept_ready(function, own), opts)
        made.append(StackFunction(name=own_name, settings=own, function=function, requests=queue))
    return made


def _arguments(
    settings: Settings, storages: StackStorages, listed: Sequence[str], requests: RequestQueue | None
) -> InferenceFunctionArgs:
    adds = settings.api == "rest"  # such an API passes answers on as they are; others add the headers themselves
    return InferenceFunctionArgs(
        image_uri=storages.image_uri,
        handler=HANDLERS[settings.mode],
        models=settings.served,
        awaited=not settings.seed_models and settings.storage != "image",
        listed_models=listed,
        source=storages.sources[settings.storage],
        memory_mib=settings.memory_mib,
        timeout_seconds=settings.timeout_seconds,
        ephemeral_storage_mib=settings.ephemeral_storage_mib,
        architecture=settings.architecture,
        reserved_concurrency=settings.reserved_concurrency,
        model_cache_mib=settings.model_cache_mib,
        verify_models=settings.verify_models,
        allow_model_code=settings.allow_model_code,
        tensor_buckets=settings.tensor_buckets,
        requests=requests,
        cors_origins=settings.cors_origins if adds else (),
        cors_credentials=settings.cors_credentials and adds,
        page=settings.page,
        snap_start=settings.snap_start,
        gradual_delivery=settings.delivery != "allAtOnce",
        metrics=_metrics(settings),
        log_retention_days=settings.log_retention_days,
        kms_key_arn=settings.kms_key_arn,
    )


def _metrics(settings: Settings) -> Sequence[MetricSet]:
    """The metrics that the alarms and the dashboard read."""
    read_by: Mapping[MetricSet, bool] = {
        "function": True,
        "model": settings.model_metrics,
        "version": settings.delivery != "allAtOnce",
    }
    return [name for name, is_read in read_by.items() if is_read and settings.monitoring]


def _kept_ready(function: InferenceFunction, settings: Settings) -> ProvisionedConcurrencyArgs:
    return ProvisionedConcurrencyArgs(
        function_name=function.function_name,
        alias_name=function.alias_name,
        environments=settings.provisioned_concurrency or 0,
        maximum=settings.provisioned_concurrency_maximum,
        utilization_percent=settings.provisioned_concurrency_utilization_percent,
        schedule={name: ScheduledConcurrency(**row) for name, row in settings.provisioned_concurrency_schedule.items()},
    )
