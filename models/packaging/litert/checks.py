"""Checks a LiteRT file: its operations must be LiteRT's own, and it must not keep a state between calls."""

import re
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from models.packaging.errors import PackagingError
from models.quiet import captured_output

FLEX = "Flex"
"""Prefix of TensorFlow's operations in a LiteRT file."""


def refuse_foreign_operations(path: Path, model: Any, target: Path) -> None:
    """Reject TensorFlow's operations, and the custom operations that LiteRT does not have built in."""
    custom = sorted({code.customCode.decode() for code in model.operatorCodes if code.customCode})
    foreign = [name for name in custom if name.startswith(FLEX)]
    if custom and not foreign:
        foreign = _unresolved_operations(target)
    if foreign:
        raise PackagingError(
            f"{path} needs the operations {', '.join(foreign)}, which LiteRT does not have built in. Package the "
            "SavedModel that the file was converted from."
        )


def _unresolved_operations(path: Path) -> list[str]:
    """The custom operations that LiteRT reports as missing when it loads a file."""
    try:
        with captured_output():
            Interpreter(str(path), num_threads=1).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return re.findall(r"unresolved custom op: (.*?)\.?$", str(error), re.MULTILINE)
    return []


def refuse_kept_variables(path: Path, model: Any) -> None:
    """Reject a file that assigns a variable, other than once when it is loaded. Raises PackagingError.

    Variables of another kind, by which an `LSTM` operation passes its state on, are reset before each call.
    """
    operators: Any = schema.BuiltinOperator
    once = {
        operator.builtinOptions.initSubgraphIndex
        for graph in model.subgraphs
        for operator in graph.operators
        if _code(model, operator) == operators.CALL_ONCE
    }
    kept = any(
        _code(model, operator) == operators.ASSIGN_VARIABLE
        for index, graph in enumerate(model.subgraphs)
        if index not in once
        for operator in graph.operators
    )
    if kept:
        raise PackagingError(
            f"{path} keeps a state between calls: it changes a variable (ASSIGN_VARIABLE). On Lambda each call may "
            "reach another function. Take the state as an input, and return the new one as an output."
        )


def has_loops(path: Path) -> bool:
    """Whether a LiteRT file repeats anything as often as values say."""
    model: Any = flatbuffer_utils.read_model(str(path))
    operators: Any = schema.BuiltinOperator
    return any(int(code.builtinCode) == operators.WHILE for code in model.operatorCodes)


def _code(model: Any, operator: Any) -> int:
    return int(model.operatorCodes[operator.opcodeIndex].builtinCode)
