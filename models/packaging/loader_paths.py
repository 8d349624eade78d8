"""Where the paths in a SavedModel's graph come from: from its loader, or from whoever made the model."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
"""Operations whose inputs are the arguments of the function that they call."""

Place = tuple[str, str]
"""A function's name, empty for the graph itself, and a node's name."""


class LoaderPaths:
    """The tensors that hold a path which the loader of a SavedModel sets, or a name that begins with one."""

    def __init__(self, meta_graph: Any, functions: Mapping[str, Any], fed: Collection[str]) -> None:
        """Take the tensors of the graph that the loader feeds with paths."""
        self._fed = fed
        self._nodes = {(where, node.name): node for where, node in nodes_of(meta_graph.graph_def, functions)}
        self._arguments = {
            name: [argument.name for argument in function.signature.input_arg] for name, function in functions.items()
        }
        self._calls: dict[str, list[tuple[str, Any]]] = {}
        for (where, _), node in self._nodes.items():
            for name in _called_by(node, functions):
                self._calls.setdefault(name, []).append((where, node))
        objects = meta_graph.object_graph_def
        self._captured = {
            name: [objects.nodes[index].WhichOneof("kind") for index in function.bound_inputs]
            for name, function in objects.concrete_functions.items()
        }
        self._known: dict[Place, bool] = {}

    def feed(self, where: str, node: Any, operations: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether a node is one of these operations and has all its paths from the loader."""
        inputs = _data_inputs(node)
        return node.op in operations and all(
            index < len(inputs) and self._hold(where, inputs[index]) for index in operations[node.op]
        )

    def _hold(self, where: str, tensor: str) -> bool:
        key = (where, tensor)
        if key not in self._known:
            self._known[key] = False  # for a tensor that is made of itself
            self._known[key] = self._look(where, tensor)
        return self._known[key]

    def _look(self, where: str, tensor: str) -> bool:
        name = tensor.split(":")[0]
        if not where and (tensor if ":" in tensor else f"{tensor}:0") in self._fed:
            return True
        if name in self._arguments.get(where, ()):
            return self._is_passed(where, self._arguments[where].index(name))
        node = self._nodes.get((where, name))
        inputs = _data_inputs(node) if node is not None else []
        if node is None or not inputs:
            return False
        if node.op == "Pack":
            return all(self._hold(where, each) for each in inputs)
        if node.op == "StringJoin":
            suffixes = not node.attr["separator"].s and all(self._is_suffix(where, each) for each in inputs[1:])
            return suffixes and self._hold(where, inputs[0])
        if node.op == "ReadVariableOp":
            return not where and self._is_kept(inputs[0].split(":")[0])
        return node.op in ("Identity", "ShardedFilename") and self._hold(where, inputs[0])

    def _is_passed(self, function: str, index: int) -> bool:
        """Whether all who call a function pass such a path as this argument."""
        captured = self._captured.get(function, ())
        position = index - len(self._arguments[function]) + len(captured)
        if position >= 0 and captured and captured[position] != "asset":
            return False
        calls = self._calls.get(function, ())
        return bool(calls) and all(
            (node.op == function or (node.op in CALLS and node.attr["f"].func.name == function))
            and index < len(_data_inputs(node))
            and self._hold(where, _data_inputs(node)[index])
            for where, node in calls
        )

    def _is_suffix(self, where: str, tensor: str) -> bool:
        """Whether a tensor is a constant that leads nowhere else when it follows a path, or a choice of two such."""
        node = self._nodes.get((where, tensor.split(":")[0]))
        if node is None:
            return False
        if node.op in ("Select", "SelectV2"):
            parts = [self._nodes.get((where, name.split(":")[0])) for name in _data_inputs(node)[1:]]
        else:
            parts = [node]
        return all(
            part is not None
            and part.op == "Const"
            and not any(b".." in value for value in part.attr["value"].tensor.string_val)
            for part in parts
        )

    def _is_kept(self, variable: str) -> bool:
        """Whether a variable of the graph is only ever assigned such paths."""
        handle = self._nodes.get(("", variable))
        if handle is None or handle.op != "VarHandleOp":
            return False
        shared = _shared_name("", handle)
        same = {
            place
            for place, node in self._nodes.items()
            if node.op == "VarHandleOp" and _shared_name(place[0], node) in (shared, b"")
        }
        return not any(where for where, _ in same) and all(
            node.op in ("ReadVariableOp", "VarIsInitializedOp")
            or (node.op == "AssignVariableOp" and all(self._hold("", value) for value in _data_inputs(node)[1:]))
            for (where, _), node in self._nodes.items()
            if not where and any(("", name.split(":")[0]) in same for name in _data_inputs(node))
        )


def _shared_name(where: str, node: Any) -> bytes:
    """What a variable is known under; empty where only the running graph knows."""
    return node.attr["shared_name"].s or (b"" if where else node.name.encode())


def _data_inputs(node: Any) -> list[str]:
    return [name for name in node.input if not name.startswith("^")]


def _called_by(node: Any, functions: Mapping[str, Any]) -> frozenset[str]:
    """The functions that a node names: in an attribute, or as its operation."""
    named = (function.name for value in node.attr.values() for function in (value.func, *value.list.func))
    return frozenset({node.op, *named}) & functions.keys()


def reached(graph: Any, functions: Mapping[str, Any], roots: Iterable[str]) -> frozenset[Place]:
    """The nodes that must run for these nodes of the graph to run, with all of every function that they call."""
    by_name = {node.name: node for node in graph.node}
    waiting, found, called = list(roots), set[Place](), set[str]()
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if ("", name) not in found and name in by_name:
            found.add(("", name))
            waiting.extend(by_name[name].input)
            called |= _called_by(by_name[name], functions)
    entered = set[str]()
    while called - entered:
        function = (called - entered).pop()
        entered.add(function)
        for node in functions[function].node_def:
            found.add((function, node.name))
            called |= _called_by(node, functions)
    return frozenset(found)


def nodes_of(graph: Any, functions: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every node with the name of the function that holds it, empty for the graph itself."""
    for node in graph.node:
        yield "", node
    for name, function in functions.items():
        for node in function.node_def:
            yield name, node
