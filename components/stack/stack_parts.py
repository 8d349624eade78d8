"""StackParts: what both kinds of stack are made of beside their storages, each part made with the stack's settings."""

from collections.abc import Sequence

import pulumi

from components.api.api import Api
from components.api.api_args import ApiFunctions
from components.function.inference_function import InferenceFunction, InferenceFunctionArgs
from components.function.provisioned_concurrency import (
    ProvisionedConcurrency,
    ProvisionedConcurrencyArgs,
    ScheduledConcurrency,
)
from components.operations.alarms import Alarm, AlarmThresholds, WatchedFunction, dead_letter_alarm, file_system_alarms
from components.operations.gradual_delivery import DeliveryTarget, GradualDelivery, GradualDeliveryArgs
from components.operations.monitoring import InferenceMonitoring, InferenceMonitoringArgs
from components.settings.settings import Settings
from components.stack.apis import APIS
from components.stack.stack_args import StackArgs
from components.stack.stack_storages import StackStorages

PROJECT_NAME = "tensorflow-lambda"


class StackParts:
    """Functions first, then the API that leads to them, then what watches them and shifts their traffic."""

    def __init__(self, stack: pulumi.ComponentResource, name: str, args: StackArgs) -> None:
        self._inside = pulumi.ResourceOptions(parent=stack)
        self._name, self._args, self._settings = name, args, args.settings
        self._functions: list[tuple[str, Settings, InferenceFunction]] = []
        self._storages = StackStorages(name, args, self._inside)
        self.bucket_name = self._storages.bucket.bucket_name
        self.image_uri = self._storages.image_uri

    def function(self, name: str, handler: str, settings: Settings) -> InferenceFunction:
        """The function that serves `settings.packaged`, with what keeps it ready."""
        arguments = InferenceFunctionArgs(
            image_uri=self.image_uri,
            handler=handler,
            models=[model.name for model in settings.packaged],
            source=self._storages.sources[settings.storage],
            memory_mib=settings.memory_mib,
            timeout_seconds=settings.timeout_seconds,
            ephemeral_storage_mib=settings.ephemeral_storage_mib,
            architecture=settings.architecture,
            reserved_concurrency=settings.reserved_concurrency,
            model_cache_mib=settings.model_cache_mib,
            snap_start=settings.snap_start,
            gradual_delivery=settings.delivery != "allAtOnce",
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
        )
        function = InferenceFunction(name, arguments, self._inside)
        if settings.provisioned_concurrency or settings.provisioned_concurrency_schedule:
            ProvisionedConcurrency(f"{name}-ready", _kept_ready(function, settings), self._inside)
        self._functions.append((name, settings, function))
        return function

    def api(self, name: str, functions: ApiFunctions) -> Api:
        return APIS[self._settings.api](name, self._settings, functions, self._inside)

    def operate(self) -> None:
        """Watch all functions, and shift their traffic, where the settings ask for it."""
        if not self._settings.monitoring:
            return
        monitoring = InferenceMonitoring(
            f"{self._name}-monitoring",
            InferenceMonitoringArgs(
                functions=[_watched(*each) for each in self._functions],
                dashboard_name=f"{PROJECT_NAME}-{self._args.environment}",
                thresholds=AlarmThresholds(
                    error_percent=self._settings.error_alarm_percent,
                    latency_p99_ms=self._settings.latency_alarm_ms,
                    cold_start_percent=self._settings.cold_start_alarm_percent,
                ),
                storage_alarms=self._storage_alarms(),
                topic_arn=self._settings.alarms_topic_arn,
            ),
            self._inside,
        )
        if self._settings.delivery != "allAtOnce":
            self._deliver(monitoring)

    def _deliver(self, monitoring: InferenceMonitoring) -> None:
        settings = self._settings
        targets = [
            DeliveryTarget(
                name=name,
                function_name=function.function_name,
                function_arn=function.function_arn,
                alias_name=function.alias_name,
                version=function.version,
                alarms=monitoring.rollback_alarms[name],
            )
            for name, _, function in self._functions
        ]
        arguments = GradualDeliveryArgs(
            targets=targets,
            delivery=settings.delivery,
            image_uri=self.image_uri,
            architecture=settings.architecture,
            log_retention_days=settings.log_retention_days,
            kms_key_arn=settings.kms_key_arn,
        )
        GradualDelivery(f"{self._name}-delivery", arguments, self._inside)

    def _storage_alarms(self) -> Sequence[Alarm]:
        files = self._storages.file_system
        if files is None:
            return ()
        bursting = self._settings.efs_throughput == "bursting"
        return [
            *file_system_alarms(f"{self._name}-files", files.file_system_id, bursting=bursting),
            dead_letter_alarm(f"{self._name}-files", files.dead_letter_queue_name),
        ]


def _watched(name: str, settings: Settings, function: InferenceFunction) -> WatchedFunction:
    return WatchedFunction(
        name=name,
        function_name=function.function_name,
        function_arn=function.function_arn,
        models=[model.name for model in settings.packaged],
    )


def _kept_ready(function: InferenceFunction, settings: Settings) -> ProvisionedConcurrencyArgs:
    return ProvisionedConcurrencyArgs(
        function_name=function.function_name,
        alias_name=function.alias_name,
        environments=settings.provisioned_concurrency or 0,
        maximum=settings.provisioned_concurrency_maximum,
        utilization_percent=settings.provisioned_concurrency_utilization_percent,
        schedule={name: ScheduledConcurrency(**row) for name, row in settings.provisioned_concurrency_schedule.items()},
    )
