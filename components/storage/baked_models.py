"""BakedModels: models inside the container image, as its last layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.model_source import Alarm, ModelBinding
from components.settings.packaged_models import PackagedModel
from components.storage.model_bucket import ModelBucket
from components.storage.model_staging import StagingError, files_to_stage, room_for_models, stage
from handlers.contract import BAKED_PATH
from handlers.manifest import EngineName

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class BakedModelsArgs:
    models: Sequence[PackagedModel]
    """The models of one image."""
    engines: EngineName
    """The image's engine set; `tensorflow` includes LiteRT."""
    directory: Path
    """Where to lay them out: inside the build's context, and used by this component alone."""
    bucket: ModelBucket | None = None
    """The source of truth, if there is one. A function waits until its pointers say what the image holds."""


class BakedModels(pulumi.ComponentResource):
    """The current and the labelled versions of some models, laid out for `docker build`. A preview states their size.

    Raises StagingError, before anything is built, if the image would be larger than Lambda accepts.
    """

    directory: Path
    """For the image's build argument `MODELS_DIR`."""
    size_bytes: int
    """Bytes that the models add to the image."""
    alarms: Sequence[Alarm] = ()

    def __init__(self, name: str, args: BakedModelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tensorflow-lambda:index:BakedModels", name, None, opts)
        files = files_to_stage(args.models)
        self._names, self._bucket = [model.name for model in args.models], args.bucket
        self.size_bytes = sum(file.size for file in files)
        limit = room_for_models(args.engines)
        if self.size_bytes > limit:
            raise StagingError(
                f"the models {', '.join(self._names)} have {_mib(self.size_bytes)}; beside its engines an image has "
                f"room for {_mib(limit)}. Set storage to s3, efs or s3files, or bake fewer models into one image."
            )
        pulumi.log.info(
            f"{len(self._names)} models add {_mib(self.size_bytes)} to the image; there is room for {_mib(limit)}", self
        )
        stage(files, args.directory)
        self.directory = args.directory
        self.register_outputs({"size_bytes": self.size_bytes})

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """The directory in the image. It needs no grant and no mount.

        Raises:
            ValueError: a model was not baked into the image.
        """
        if missing := sorted(set(models or ()) - set(self._names)):
            raise ValueError(f"the image does not hold the models {missing}; it holds {self._names}")
        return ModelBinding(store_uri=f"file://{BAKED_PATH}", ready=self._bucket.ready(models) if self._bucket else ())


class PrebuiltModels:
    """The models of an image that was built before. A ModelSource; nothing is laid out."""

    alarms: Sequence[Alarm] = ()

    def binding(self, models: Sequence[str] | None) -> ModelBinding:
        """The directory in the image. Nothing checks that it holds the models."""
        return ModelBinding(store_uri=f"file://{BAKED_PATH}")


def _mib(size: int) -> str:
    return f"{size / MIB:,.1f} MiB"
