"""What operates a stack: alarms and a dashboard for its functions and storages, and the delivery of new versions."""

from collections.abc import Sequence

import pulumi

from components.api.api import Api
from components.model_source import Alarm
from components.operations.alarms import WatchedApi
from components.operations.gradual_delivery import DeliveryTarget, GradualDelivery, GradualDeliveryArgs
from components.operations.monitoring import InferenceMonitoring, InferenceMonitoringArgs
from components.operations.operated_function import OperatedFunction
from components.operations.version_pruning import VersionPruning, VersionPruningArgs
from components.stack.stack_args import StackArgs
from components.stack.stack_functions import StackFunction
from components.stack.stack_storages import StackStorages


def operate(
    name: str,
    args: StackArgs,
    functions: Sequence[StackFunction],
    api: Api,
    alarms: Sequence[Alarm],
    storages: StackStorages,
    opts: pulumi.ResourceOptions,
) -> Sequence[pulumi.Resource]:
    """Watch the functions, the API and what has alarms of its own, shift traffic in steps, and remove old versions,
    where the settings ask for it. Returns what was made for that."""
    made: list[pulumi.Resource] = []
    settings = args.settings
    if settings.monitoring:
        operated = [_operated(each) for each in functions]
        watched = api.metrics and WatchedApi(
            name=f"{name}-api", dimensions=api.metrics.dimensions, failed=api.metrics.failed
        )
        monitoring = InferenceMonitoring(f"{name}-monitoring", _monitoring(args, operated, watched, alarms), opts)
        made.append(monitoring)
        if settings.delivery != "allAtOnce":
            delivery = GradualDeliveryArgs(
                targets=[
                    DeliveryTarget(operated=each, alarms=monitoring.rollback_alarms[each.name]) for each in operated
                ],
                delivery=settings.delivery,
                runtime=storages.tool_runtime,
            )
            made.append(GradualDelivery(f"{name}-delivery", delivery, opts))
    if billed := [_operated(each) for each in functions if each.settings.snap_start]:
        pruning = VersionPruningArgs(functions=billed, kept=settings.kept_versions, runtime=storages.tool_runtime)
        made.append(VersionPruning(f"{name}-versions", pruning, opts))
    return made


def _operated(each: StackFunction) -> OperatedFunction:
    return OperatedFunction(
        name=each.name,
        function=each.function,
        models=each.settings.served,
        by_model=each.settings.model_metrics,
        shifted=each.settings.delivery != "allAtOnce",
    )


def _monitoring(
    args: StackArgs, functions: Sequence[OperatedFunction], api: WatchedApi | None, alarms: Sequence[Alarm]
) -> InferenceMonitoringArgs:
    settings = args.settings
    return InferenceMonitoringArgs(
        functions=functions,
        api=api,
        dashboard_name=f"{args.project_name}-{settings.stack_name}",
        settings=settings,
        further_alarms=alarms,
        topic_arn=settings.alarms_topic_arn,
    )
