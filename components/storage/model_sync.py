"""ModelSync: the function that copies the models of a bucket to a file system, and what calls it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import iam
from components.function.permission import permit
from components.function.tool_function import ToolFunctionArgs, ToolRuntime, tool_function
from components.retries import NOT_MOUNTED, NOT_READY, until_it_holds
from components.settings.packaged_models import PackagedModel
from components.storage.file_clients import FileClients
from components.storage.model_bucket import ModelBucket
from components.storage.model_grants import Policies, read_models, use_key_of_objects
from handlers import contract
from handlers.manifest import MANIFEST_FILE, POINTER_FILE

MEMORY_MIB = contract.MIB_PER_VCPU
TIMEOUT_SECONDS = 900
"""Lambda's maximum. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
DEAD_LETTER_RETENTION_SECONDS = 14 * 24 * 60 * 60
"""SQS's maximum."""
SCHEDULE = "rate(1 hour)"
"""How often the function looks for what no notification told it of."""


@dataclass(frozen=True, kw_only=True)
class ModelSyncArgs:
    bucket: ModelBucket
    models: Sequence[str] | None
    """The models to copy, by name; None copies all models of the bucket."""
    seeded: Sequence[PackagedModel]
    """The models with which the bucket is seeded. The deployment calls the function again when they change."""
    clients: FileClients
    """Of the file system to fill."""
    mountable: Sequence[pulumi.Resource]
    """What the first mount must wait for, besides the network."""
    runtime: ToolRuntime
    reserve_concurrency: bool = True
    is_followed: bool = False
    """Whether S3 Files follows the bucket, too."""


class ModelSync(pulumi.ComponentResource):
    """A function in the VPC. The deployment, the bucket's notifications and a schedule call it; failed events go to a
    queue.

    A bucket has one notification configuration, and this component owns it. A bucket that was there before must notify
    nobody else: `components/configuration/rules/model_bucket.py` refuses it otherwise. The schedule makes up for what
    no notification told, such as a model that was published while the notifications were not in effect yet.
    """

    function_name: pulumi.Output[str]
    dead_letter_queue_name: pulumi.Output[str]
    first_sync: pulumi.Output[str]
    """The report of the deployment's call, as JSON."""
    ready: Sequence[pulumi.Resource]
    """What a reader must wait for: the call that fills the file system."""

    def __init__(self, name: str, args: ModelSyncArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:ModelSync", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)

        dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            sqs_managed_sse_enabled=True if args.runtime.kms_key_arn is None else None,
            kms_master_key_id=args.runtime.kms_key_arn,
            message_retention_seconds=DEAD_LETTER_RETENTION_SECONDS,
            opts=inside,
        )
        function = tool_function(name, _function(args, dead_letters), self)
        on_failure = aws.lambda_.FunctionEventInvokeConfig(
            name,
            function_name=function.name,
            maximum_retry_attempts=2,
            destination_config={"on_failure": {"destination": dead_letters.arn}},
            opts=inside,
        )
        account = args.clients.network.account_id  # a bucket's ARN names none
        allowed = permit(name, "s3", args.bucket.bucket_arn, function.name, source_account=account, opts=inside)
        notification = args.bucket.notify(
            [
                {
                    "lambda_function_arn": function.arn,
                    "events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                    "filter_prefix": f"{args.bucket.prefix}/",
                    "filter_suffix": f"/{document}",
                }
                for document in (POINTER_FILE, MANIFEST_FILE)
            ],
            eventbridge=args.is_followed,
            after=[allowed, on_failure],
            aliases=[pulumi.Alias(name=name, parent=self)],  # it belonged to this component before version 0.2
        )
        self._repeat(name, function)
        # After the notifications: either they or this call copy what is published after the seeding.
        first_sync = aws.lambda_.Invocation(
            name,
            function_name=function.name,
            input=json.dumps({contract.SYNC_REASON: "deployment"}),
            triggers={
                # No model's name has a space.
                "file system": args.clients.file_system.arn,
                "source bucket": args.bucket.bucket_arn,
                "copied models": "all" if args.models is None else contract.join_model_names(args.models),
                **{model.name: _fingerprint(model) for model in args.seeded},
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[notification, *args.bucket.ready(args.models)],
                hooks=until_it_holds(f"{name}-first", (*NOT_MOUNTED, *NOT_READY)),
            ),
        )

        self.function_name = function.name
        self.dead_letter_queue_name = dead_letters.name
        self.first_sync = first_sync.result
        self.ready = [first_sync]
        self.register_outputs(
            {
                "function_name": self.function_name,
                "dead_letter_queue_name": self.dead_letter_queue_name,
                "first_sync": self.first_sync,
            }
        )

    def _repeat(self, name: str, function: aws.lambda_.Function) -> None:
        """Call the function again and again."""
        inside = pulumi.ResourceOptions(parent=self)
        every = f"{name}-schedule"
        rule = aws.cloudwatch.EventRule(
            every,
            schedule_expression=SCHEDULE,
            description="Make the copies of models equal to the bucket",
            opts=inside,
        )
        permitted = permit(every, "events", rule.arn, function.name, opts=inside)
        aws.cloudwatch.EventTarget(
            every,
            rule=rule.name,
            target_id="sync",
            arn=function.arn,
            input=json.dumps({contract.SYNC_REASON: contract.SCHEDULED}),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permitted]),
        )


def _function(args: ModelSyncArgs, dead_letters: aws.sqs.Queue) -> ToolFunctionArgs:
    store = pulumi.Output.concat("s3://", args.bucket.bucket_name, "/", args.bucket.prefix)
    grants, *further = _grants(args, dead_letters.arn)
    return ToolFunctionArgs(
        runtime=args.runtime,
        handler=contract.MODEL_SYNC_HANDLER,
        memory_mib=MEMORY_MIB,
        timeout_seconds=TIMEOUT_SECONDS,
        grants=grants,
        further_policies=further,
        environment={
            contract.MODEL_STORE_URI: store,
            **contract.model_names(args.models),
            contract.MODEL_SYNC_TARGET: args.clients.mount.path,
        },
        network=args.clients.network.for_sync(),
        mount=args.clients.mount,
        reserved_concurrency=1 if args.reserve_concurrency else None,
        ready=[*args.mountable, *args.clients.network.ready],
    )


def _grants(args: ModelSyncArgs, dead_letters_arn: pulumi.Input[str]) -> Policies:
    statements, *further = read_models(args.bucket.bucket_arn, args.bucket.prefix, args.models)
    queue = [iam.allow(["sqs:SendMessage"], [dead_letters_arn])]
    if args.runtime.kms_key_arn is not None:
        of_queue = {"aws:sqs:arn": [dead_letters_arn]}
        actions = ("Decrypt", "GenerateDataKey")
        queue.append(iam.use_key(args.runtime.kms_key_arn, "sqs", actions, context=of_queue))
    queue += use_key_of_objects(args.bucket.kms_key_arn, args.bucket.bucket_arn)
    return [[*statements, args.clients.may_mount(args.clients.mount, write=True), *queue], *further]


def _fingerprint(model: PackagedModel) -> str:
    """A digest that changes when another version is seeded or a label moves."""
    documents = [model.pointer.to_json(), *(model.versions[version].to_json() for version in sorted(model.versions))]
    return hashlib.sha256("".join(documents).encode()).hexdigest()
