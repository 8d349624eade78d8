"""What operates a stack: alarms and a dashboard for its functions and storages, and the delivery of new versions."""

from collections.abc import Sequence

import pulumi

from components.api.api import Api
from components.operations.alarms import AlarmThresholds, ShiftedVersion, WatchedApi, WatchedFunction
from components.operations.gradual_delivery import DeliveryTarget, GradualDelivery, GradualDeliveryArgs
from components.operations.monitoring import InferenceMonitoring, InferenceMonitoringArgs
from components.operations.version_pruning import PrunedFunction, VersionPruning, VersionPruningArgs
from components.stack.stack_args import StackArgs
from components.stack.stack_functions import StackFunction
from components.stack.stack_storages import StackStorages


def operate(
    name: str,
    args: StackArgs,
    functions: Sequence[StackFunction],
    api: Api,
    storages: StackStorages,
    opts: pulumi.ResourceOptions,
) -> Sequence[pulumi.Resource]:
    """Watch the functions, the API and the storages, shift traffic in steps, and remove old versions, where the
    settings ask for it. Returns what was made for that."""
    made: list[pulumi.Resource] = []
    if args.settings.monitoring:
        monitoring = InferenceMonitoring(f"{name}-monitoring", _watched(name, args, functions, api, storages), opts)
        made.append(monitoring)
        if args.settings.delivery != "allAtOnce":
            delivered = _delivered(args, functions, storages, monitoring)
            made.append(GradualDelivery(f"{name}-delivery", delivered, opts))
    if billed := [each for each in functions if each.settings.snap_start]:
        made.append(VersionPruning(f"{name}-versions", _pruned(args, billed, storages), opts))
    return made


def _watched(
    name: str, args: StackArgs, functions: Sequence[StackFunction], api: Api, storages: StackStorages
) -> InferenceMonitoringArgs:
    settings = args.settings
    return InferenceMonitoringArgs(
        functions=[
            WatchedFunction(
                name=each.name,
                function_name=each.function.function_name,
                function_arn=each.function.function_arn,
                models=each.settings.served,
                shifted=_shifted(each),
                by_model=settings.model_metrics,
            )
            for each in functions
        ],
        api=WatchedApi(name=f"{name}-api", dimensions=api.metrics.dimensions, failed=api.metrics.failed),
        dashboard_name=f"{args.project_name}-{settings.stack_name}",
        thresholds=AlarmThresholds(
            error_percent=settings.error_alarm_percent,
            latency_p99_ms=settings.latency_alarm_ms,
            cold_start_percent=settings.cold_start_alarm_percent,
        ),
        storage_alarms=storages.alarms,
        topic_arn=settings.alarms_topic_arn,
    )


def _pruned(args: StackArgs, functions: Sequence[StackFunction], storages: StackStorages) -> VersionPruningArgs:
    settings = args.settings
    return VersionPruningArgs(
        functions=[
            PrunedFunction(
                name=each.name,
                function_name=each.function.function_name,
                function_arn=each.function.function_arn,
                version=each.function.version,
                after=each.function,
            )
            for each in functions
        ],
        kept=settings.kept_versions,
        image_uri=storages.image_uri,
        architecture=settings.architecture,
        log_retention_days=settings.log_retention_days,
        kms_key_arn=settings.kms_key_arn,
    )


def _shifted(each: StackFunction) -> ShiftedVersion | None:
    if each.settings.delivery == "allAtOnce":
        return None
    return ShiftedVersion(alias_name=each.function.alias_name, version=each.function.version)


def _delivered(
    args: StackArgs,
    functions: Sequence[StackFunction],
    storages: StackStorages,
    monitoring: InferenceMonitoring,
) -> GradualDeliveryArgs:
    settings = args.settings
    return GradualDeliveryArgs(
        targets=[
            DeliveryTarget(
                name=each.name,
                function_name=each.function.function_name,
                function_arn=each.function.function_arn,
                alias_name=each.function.alias_name,
                version=each.function.version,
                alarms=monitoring.rollback_alarms[each.name],
            )
            for each in functions
        ],
        delivery=settings.delivery,
        image_uri=storages.image_uri,
        architecture=settings.architecture,
        log_retention_days=settings.log_retention_days,
        kms_key_arn=settings.kms_key_arn,
    )
