"""The operations that could harm the machine that runs them."""

import re
from collections.abc import Mapping

HARM: Mapping[str, str] = {
    "reads or writes files": r"""
        ReadFile WriteFile MatchingFiles Save(V2|Slices)? Restore(V2|Slice)? ShardedFile(name|spec)
        MergeV2Checkpoints CheckpointHasKey LoadAndRemapMatrix GenerateVocabRemapping ImmutableConst
        .*Reader(V2)? InitializeTableFromTextFile(V2)?
        (Experimental)?(TextLine|TFRecord|FixedLengthRecord|Sql|CSV|LMDB|MatchingFiles|Load|Save)Dataset(V\d)?
        (Experimental)?(Snapshot|Cache|ListSnapshotChunks|SnapshotChunk|SnapshotNested)Dataset(V\d|Reader)?
        (Experimental)?DatasetToTFRecord(V2)? DistributedSave
        CreateSummary(File|Db)Writer ImportEvent Write\w*Summary WriteGraphSummary FlushSummaryWriter
        Debug(Identity|NanCount|NumericSummary)(V\d)? (Initialize|Serialize)TRTResource
        FileSystemSetConfiguration Gcs\w+ RecordInput Skipgram CalibrationStatisticsSaver DumpTensor\w*
        DTensor(Save|Restore|ShardedPrefix)\w*
        """,
    "calls Python": "PyFunc PyFuncStateless EagerPyFunc NumpyOp GeneratorDataset",
    "opens sockets": r"""
        (Try)?Rpc\w* RemoteCall RemoteFusedGraphExecute \w*DataService\w* RegisterDataset(V2)? \w*WorkerHeartbeat
        Collective\w+ Nccl\w+ _?(Host)?(Send|Recv) Xla(Send|Recv)\w* \w*ConfigureDistributedTPU
        """,
    "runs a graph hidden in a string": "DatasetFromGraph",
    "ends the process": "Abort",
}
"""For each harm, patterns of the operations that do it; a pattern matches the whole name."""

_PATTERNS = {what: re.compile("|".join(names.split())) for what, names in HARM.items()}

FILE_ATTRIBUTES: Mapping[str, tuple[str, re.Pattern[bytes]]] = {
    "PrintV2": ("output_stream", re.compile(rb"(?!file://).*", re.DOTALL)),
    "DecodeProtoV2": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
    "EncodeProto": ("descriptor_source", re.compile(rb"|(local|bytes)://.*", re.DOTALL)),
    "FixedUnigramCandidateSampler": ("vocab_file", re.compile(rb"")),
}
"""Operations that use a file if an attribute names one: the attribute, and the values that name no file."""

SAVER: Mapping[str, tuple[int, ...]] = {
    "SaveV2": (0,),
    "RestoreV2": (0,),
    "ShardedFilename": (0,),
    "MergeV2Checkpoints": (0, 1),
    "Save": (0,),
    "Restore": (0,),
}
"""The operations that read and write a SavedModel's own variables, and which of their inputs are paths. These are
harmless if the loader sets the paths."""

TABLE_FILES: Mapping[str, tuple[int, ...]] = dict.fromkeys(
    ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"), (1,)
)
"""The operations that fill a table from the SavedModel's own assets when it is loaded, and which inputs are paths."""


def harm_of(operation: str) -> str:
    """What an operation does to the machine, such as "reads or writes files"; empty if nothing."""
    return next((what for what, pattern in _PATTERNS.items() if pattern.fullmatch(operation)), "")
