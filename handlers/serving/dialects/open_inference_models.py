"""What the Open Inference Protocol and Triton's extensions of it say about models: metadata, configuration, statistics
and the index of the repository.

https://github.com/triton-inference-server/server/tree/main/docs/protocol
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handlers.manifest import Manifest, Signature, TensorSpec
from handlers.serving.dialects import Call, Models
from handlers.serving.dialects.datatypes import DATATYPES
from handlers.serving.dialects.json_text import parse_object
from handlers.serving.errors import InvalidRequest, ServingError, show
from handlers.serving.events import Request

_STATES = {"AVAILABLE": "READY", "LOADING": "LOADING", "FAILED": "UNAVAILABLE"}
"""Triton's name of each state of a version."""

_STEPS = {
    "decode_ms": "compute_input",
    "wait_ms": "queue",
    "predict_ms": "compute_infer",
    "encode_ms": "compute_output",
}
"""Triton's name of each step of a prediction."""


def metadata(manifest: Manifest, models: Models) -> dict[str, Any]:
    """The tensors of a version's default signature, and the versions that answer.

    If there are several signatures, the tensors of each are below `signatures`, which the protocol has not.
    """
    default = manifest.default_signature()
    several = {name: _tensors(signature) for name, signature in manifest.signatures.items()}
    return {
        "name": manifest.model,
        "versions": [str(version) for version in _versions(manifest, models)],
        "platform": "tensorflow_savedmodel",
        **several[default],
        **({"parameters": {"signature_name": default}, "signatures": several} if len(several) > 1 else {}),
    }


def configuration(manifest: Manifest, models: Models) -> dict[str, Any]:
    """The same as a model configuration of Triton's. Shapes are whole: no dimension of them is a batch."""
    signature = manifest.signatures[manifest.default_signature()]
    return {
        "name": manifest.model,
        "platform": "tensorflow_savedmodel",
        "backend": "tensorflow",
        "version_policy": {"specific": {"versions": _versions(manifest, models)}},
        "max_batch_size": 0,
        "input": [
            _configured(name, spec, optional=name in signature.defaults) for name, spec in signature.inputs.items()
        ],
        "output": [_configured(name, spec) for name, spec in signature.outputs.items()],
    }


def statistics(call: Call, models: Models) -> dict[str, Any]:
    """What this environment answered, by version: of one version, of one model's, or of all models'."""
    if call.version is not None:
        versions = [(call.model, models.find(call.model, call.version).version)]
    else:
        names = [call.model] if call.model else models.models()
        versions = [(name, version) for name in names for version in models.versions(name)]
    return {"model_stats": [_statistics(name, version, models) for name, version in versions]}


def index(request: Request, models: Models) -> list[dict[str, str]]:
    """Every version that answers, with its state; only those that are ready if the request says `"ready": true`.

    A model that another function serves has its name alone: the protocol leaves out what is not known.

    Raises InvalidRequest, RequestTooLarge or ModelUnavailable.
    """
    wanted = parse_object(request.body, request.room, whole=True).get("ready") if request.body.strip() else None
    if wanted is not None and type(wanted) is not bool:
        raise InvalidRequest(f"Unable to parse 'ready': it is {show(wanted)}, and must be true or false")
    return [entry for entry in _entries(models) if not wanted or entry.get("state") == "READY"]


def _entries(models: Models) -> Iterator[dict[str, str]]:
    own = models.models()
    for name in sorted({*own, *models.listed()}):
        if name not in own:
            yield {"name": name}
            continue
        try:
            versions = models.versions(name)
        except ServingError as error:
            yield {"name": name, "version": "", "state": "UNAVAILABLE", "reason": str(error)}
            continue
        for version in versions:
            state, reason = "UNAVAILABLE", ""
            try:
                manifest = models.manifest(name, version)
                state, reason = _STATES[models.state(manifest)], models.reason(manifest)
            except ServingError as error:
                reason = str(error)
            yield {"name": name, "version": str(version), "state": state, "reason": reason}


def _versions(manifest: Manifest, models: Models) -> list[int]:
    return sorted({manifest.version, *models.versions(manifest.model)})


def _tensors(signature: Signature) -> dict[str, Any]:
    return {
        "inputs": [{"name": name, **_tensor(spec)} for name, spec in signature.inputs.items()],
        "outputs": [{"name": name, **_tensor(spec)} for name, spec in signature.outputs.items()],
    }


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    """A tensor of unknown rank is told as one of one dimension, which is the nearest that the protocol can say."""
    shape = [-1] if spec.shape is None else list(spec.shape)
    return {"datatype": DATATYPES.get(spec.dtype, spec.dtype.upper()), "shape": shape}


def _configured(name: str, spec: TensorSpec, *, optional: bool = False) -> dict[str, Any]:
    tensor = _tensor(spec)
    datatype = "STRING" if tensor["datatype"] == "BYTES" else tensor["datatype"]
    configured = {"name": name, "data_type": f"TYPE_{datatype}", "dims": tensor["shape"]}
    return configured | ({"optional": True} if optional else {})


def _statistics(name: str, version: int, models: Models) -> dict[str, Any]:
    tally = models.tally(name, version)
    times: Mapping[str, Sequence[float]] = {
        "success": tally.succeeded,
        "fail": tally.failed,
        **{_STEPS[step]: taken for step, taken in tally.steps.items()},
    }
    return {
        "name": name,
        "version": str(version),
        "last_inference": tally.last_unix_ms,
        "inference_count": tally.succeeded[0],
        "execution_count": tally.steps["predict_ms"][0],
        "inference_stats": {
            key: {"count": count, "ns": round(milliseconds * 1e6)} for key, (count, milliseconds) in times.items()
        },
        "batch_stats": [],
    }
