"""Signature changes: how the requests and the answers of two versions differ for a caller."""

from collections.abc import Iterator, Mapping, Sequence

from handlers.manifest import Manifest, Signature, TensorSpec


def signature_changes(before: Manifest, after: Manifest) -> Sequence[str]:
    """What a caller of one version finds otherwise in another one, a phrase for each; nothing if that is nothing.

    A further signature is no change. The names of tensors inside the graph are not seen by callers.
    """
    changes = [
        change
        for name, signature in before.signatures.items()
        for change in _changes_of(name, signature, after.signatures.get(name))
    ]
    return [*changes, *_hooks(before, after)]


def further_signatures(before: Manifest, after: Manifest) -> Sequence[str]:
    """The signatures that only the second version has."""
    return sorted(after.signatures.keys() - before.signatures.keys())


def shown(spec: TensorSpec) -> str:
    """A tensor for people, such as `float32[?, 4]`."""
    if spec.shape is None:
        return f"{spec.dtype}[any shape]"
    return f"{spec.dtype}[{', '.join('?' if size < 0 else str(size) for size in spec.shape)}]"


def _changes_of(name: str, before: Signature, after: Signature | None) -> Iterator[str]:
    if after is None:
        yield f"signature {name} is gone"
        return
    yield from _tensors(f"{name}: input", before.inputs, after.inputs)
    yield from _tensors(f"{name}: output", before.outputs, after.outputs)
    if before.method_name != after.method_name:
        yield f"{name}: method {before.method_name} becomes {after.method_name}"
    for tensor in sorted(before.defaults.keys() - after.defaults.keys()):
        yield f"{name}: input {tensor} has no default any more"


def _hooks(before: Manifest, after: Manifest) -> Iterator[str]:
    """Code changes what callers send and get, and nobody but its author knows how. So it counts that there is some."""
    old, new = (set(each.code.hooks if each.code else ()) for each in (before, after))
    yield from (f"its {hook} is gone" for hook in sorted(old - new))
    yield from (f"its {hook} is new" for hook in sorted(new - old))


def _tensors(what: str, before: Mapping[str, TensorSpec], after: Mapping[str, TensorSpec]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if new is None:
            yield f"{what} {name} is gone"
        elif old is None:
            yield f"{what} {name} {shown(new)} is new"
        elif (old.dtype, old.shape) != (new.dtype, new.shape):
            yield f"{what} {name} {shown(old)} becomes {shown(new)}"
