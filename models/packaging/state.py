"""Refuses models that keep a state between calls: on Lambda, each call may reach another function."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from handlers.manifest import Signature
from handlers.safety.loader_paths import nodes_of, reached
from models.packaging.errors import PackagingError

CHANGES: Mapping[str, re.Pattern[str]] = {
    "a variable": re.compile(
        r"Assign|Assign(Add|Sub)|Assign(Add|Sub)?VariableOp|(Resource)?CountUpTo|Scatter(Update|Add|Sub|Mul|Div|Min|Max)"
        r"|ScatterNd(Update|Add|Sub|Max|Min)|Resource(Scatter|Apply|SparseApply|StridedSliceAssign)\w*|StridedSliceAssign"
        r"|(Sparse)?Apply\w+"
    ),
    "a table": re.compile(r"LookupTable(Insert|Remove|Import)(V2)?"),
    "a queue": re.compile(r"Queue(Enqueue|Dequeue)\w*|(Ordered)?Map(Stage|Unstage)\w*|(Uns|S)tage|Barrier\w+"),
}
"""What an operation changes, and the operations that do, as patterns that match the whole name."""
RANDOM = re.compile(
    r"(Stateful)?(Random|TruncatedNormal|Multinomial|ParameterizedTruncatedNormal|Rng|StandardNormal)\w*"
)
"""Operations that give other values each time."""


def operations_of(meta_graph: Any, signature: Signature) -> frozenset[str]:
    """The operations that a call of a signature runs, those of functions included."""
    functions = {function.signature.name: function for function in meta_graph.graph_def.library.function}
    places = reached(meta_graph.graph_def, functions, [spec.tensor for spec in signature.outputs.values()])
    nodes = nodes_of(meta_graph.graph_def, functions)
    return frozenset(node.op for where, node in nodes if (where, node.name) in places)


def refuse_state(operations: Mapping[str, Collection[str]], allowed: Collection[str]) -> None:
    """Check that no signature changes what later calls see.

    Args:
        operations: the operations that a call of each signature runs.
        allowed: operations that it may run all the same.

    Raises:
        PackagingError: a signature keeps a state.
    """
    for name, found in operations.items():
        for operation in sorted(set(found) - set(allowed)):
            if what := next((what for what, pattern in CHANGES.items() if pattern.fullmatch(operation)), ""):
                raise PackagingError(
                    f"the signature {name!r} keeps a state between calls: it changes {what} ({operation}). On Lambda "
                    "each call may reach another function. Take the state as an input, and return the new one as an "
                    f"output. If no answer depends on it, allow it with --allow-op {operation}"
                )


def random_operations(operations: Collection[str]) -> list[str]:
    """Those of the operations that draw random numbers, in the order of their names."""
    return sorted(operation for operation in operations if RANDOM.fullmatch(operation))
