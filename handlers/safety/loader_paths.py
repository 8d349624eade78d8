"""Finds the paths in a SavedModel's graph that its loader sets; all others were set by the model's author."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from handlers.safety.graph import AttrValue, FunctionDef, GraphDef, MetaGraphDef, NodeDef

_MAY_REPLACE = "api_implements"
"""The attribute of a function that TensorFlow may run in place of another one with the same value."""

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
"""Operations that call a function with their inputs as its arguments."""

Place = tuple[str, str]
"""The name of the function that holds a node, empty for the graph itself, and the node's name."""


class LoaderPaths:
    """The tensors whose value is a path from the SavedModel's loader, or starts with one."""

    def __init__(self, meta_graph: MetaGraphDef, functions: Mapping[str, FunctionDef], fed: Collection[str]) -> None:
        """Read the graph.

        Args:
            meta_graph: the graph.
            functions: its functions by name.
            fed: the tensors that the loader sets to paths.
        """
        self._fed = fed
        self._nodes = {(where, node.name): node for where, node in nodes_of(meta_graph.graph_def, functions)}
        self._functions = functions
        self._arguments = {
            name: [argument.name for argument in function.signature.input_arg] for name, function in functions.items()
        }
        self._calls: dict[str, list[tuple[str, NodeDef]]] = {}
        for (where, _), node in self._nodes.items():
            for name in called_by(node, functions):
                self._calls.setdefault(name, []).append((where, node))
        objects = meta_graph.object_graph_def
        self._captured = {
            name: [index < len(objects.nodes) and objects.nodes[index].asset for index in function.bound_inputs]
            for name, function in objects.concrete_functions.items()
        }
        self._known: dict[Place, bool] = {}

    def feed(self, where: str, node: NodeDef, operations: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether a node is one of these operations, and all its paths come from the loader.

        `operations` has, by operation, the positions of the inputs that are paths.
        """
        inputs = _data_inputs(node)
        return node.op in operations and all(
            index < len(inputs) and self._hold(where, inputs[index]) for index in operations[node.op]
        )

    def _hold(self, where: str, tensor: str) -> bool:
        key = (where, tensor)
        if key not in self._known:
            self._known[key] = False  # ends the recursion at a tensor that depends on itself
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
            joined = "separator" not in node.attr or not node.attr["separator"].s
            return joined and self._hold(where, inputs[0]) and all(self._is_suffix(where, each) for each in inputs[1:])
        if node.op == "ReadVariableOp":
            return not where and self._is_kept(inputs[0].split(":")[0])
        return node.op in ("Identity", "ShardedFilename") and self._hold(where, inputs[0])

    def _is_passed(self, function: str, index: int) -> bool:
        """Whether every call of a function passes a path from the loader as this argument."""
        captured = self._captured.get(function, ())
        position = index - len(self._arguments[function]) + len(captured)
        if position >= 0 and captured and not captured[position]:
            return False
        if _MAY_REPLACE in self._functions[function].attr:
            return False
        calls = self._calls.get(function, ())
        return bool(calls) and all(
            (node.op == function or (node.op in CALLS and _called(node) == function))
            and index < len(_data_inputs(node))
            and self._hold(where, _data_inputs(node)[index])
            for where, node in calls
        )

    def _is_suffix(self, where: str, tensor: str) -> bool:
        """Whether a tensor can follow a path and stay below it: such a constant, or a choice of two of them."""
        node = self._nodes.get((where, tensor.split(":")[0]))
        if node is None:
            return False
        if node.op in ("Select", "SelectV2"):
            parts = [self._nodes.get((where, name.split(":")[0])) for name in _data_inputs(node)[1:]]
        else:
            parts = [node]
        return all(part is not None and part.op == "Const" and _stays_below(part.attr.get("value")) for part in parts)

    def _is_kept(self, variable: str) -> bool:
        """Whether every assignment to a variable of the graph is a path from the loader."""
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


def _stays_below(value: AttrValue | None) -> bool:
    """Whether the texts of a constant can follow a path and stay below it."""
    return (
        value is not None
        and not value.tensor.tensor_content  # another way to write texts
        # What ends with a dot could make `..` with what follows.
        and not any(b".." in text or text.endswith(b".") for text in value.tensor.string_val)
    )


def _called(node: NodeDef) -> str:
    return node.attr["f"].func.name if "f" in node.attr else ""


def _shared_name(where: str, node: NodeDef) -> bytes:
    """The name that a variable is shared under; empty if it is known only when the graph runs."""
    given = node.attr["shared_name"].s if "shared_name" in node.attr else b""
    return given or (b"" if where else node.name.encode())


def _data_inputs(node: NodeDef) -> list[str]:
    return [name for name in node.input if not name.startswith("^")]


def called_by(node: NodeDef, functions: Collection[str]) -> frozenset[str]:
    """The functions that a node names in an attribute or as its operation."""
    named = (function.name for value in node.attr.values() for function in (value.func, *value.list.func))
    return frozenset({node.op, *named}).intersection(functions)


def reached(graph: GraphDef, functions: Mapping[str, FunctionDef], roots: Iterable[str]) -> frozenset[Place]:
    """The nodes that run when the graph's nodes `roots` run, and all nodes of every function that these call."""
    by_name = {node.name: node for node in graph.node}
    gradients = {each.function_name: each.gradient_func for each in graph.library.gradient}
    waiting, found, called = list(roots), set[Place](), set[str]()
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if ("", name) not in found and name in by_name:
            found.add(("", name))
            waiting.extend(by_name[name].input)
            called |= called_by(by_name[name], functions)
    entered = set[str]()
    while called - entered:
        function = (called - entered).pop()
        entered.add(function)
        called |= {gradients.get(function, "")} & functions.keys()
        for node in functions[function].node_def:
            found.add((function, node.name))
            called |= called_by(node, functions)
    return frozenset(found)


def nodes_of(graph: GraphDef, functions: Mapping[str, FunctionDef]) -> Iterator[tuple[str, NodeDef]]:
    """Every node, with the name of the function that holds it; the name is empty for the graph itself."""
    for node in graph.node:
        yield "", node
    for name, function in functions.items():
        for node in function.node_def:
            yield name, node
