"""The cache of loaded models, compared with a simple model of it, and used by several threads."""

import gc
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.serving.budget import Shared
from handlers.serving.cache import ModelCache
from handlers.serving.errors import ModelLoading, ModelTooLarge, ModelUnavailable
from tests.handlers.threads import run_at_once


class Held:
    """Something that holds bytes from its load to its close."""

    def __init__(self, name: str, held: list[str]) -> None:
        self.name, self._held = name, held
        held.append(name)

    def close(self) -> None:
        self._held.remove(self.name)


class Process:
    """The memory of a process: 100 bytes of its own, and the bytes of its models."""

    def __init__(self) -> None:
        self.bytes = 100

    def resident(self) -> int:
        return self.bytes

    def load(self, grows: int) -> "Callable[[], Growing]":
        return lambda: Growing(self, grows)


class Growing:
    """A model that takes bytes of a process, and may take more at a call."""

    def __init__(self, process: Process, size: int) -> None:
        self._process, self._size = process, 0
        self.grow(size)

    def grow(self, size: int) -> None:
        self._size += size
        self._process.bytes += size

    def close(self) -> None:
        self._process.bytes -= self._size


SIZES = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 11}


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.sampled_from(sorted(SIZES)), max_size=30), budget=st.integers(1, 12))
def test_it_keeps_what_a_least_recently_used_list_would_keep(asked: list[str], budget: int) -> None:
    held: list[str] = []
    cache: ModelCache[Held] = ModelCache(budget)
    expected: OrderedDict[str, int] = OrderedDict()

    def load(name: str) -> Held:
        assert sum(SIZES[other] for other in held) + SIZES[name] <= budget
        return Held(name, held)

    for name in asked:
        room = expected.copy()
        while name not in room and room and sum(room.values()) + SIZES[name] > budget:
            room.popitem(last=False)
        if SIZES[name] > budget:
            with pytest.raises(ModelTooLarge):
                cache.lease(name, SIZES[name], lambda name=name: load(name))
            assert cache.keys() == list(expected)  # nothing is evicted in vain
            continue
        with cache.lease(name, SIZES[name], lambda name=name: load(name)) as lease:
            assert lease.name == name
        room[name] = SIZES[name]
        room.move_to_end(name)
        expected = room
        assert (cache.keys(), sorted(held)) == (list(expected), sorted(expected))
        assert cache.held_bytes == sum(expected.values())


def test_many_threads_share_one_load() -> None:
    loads: list[int] = []
    begun, go_on = threading.Event(), threading.Event()
    cache: ModelCache[Held] = ModelCache(10)

    def load() -> Held:
        loads.append(1)
        begun.set()
        go_on.wait(10)
        return Held("a", [])

    models: list[Held] = []

    def use() -> None:
        with cache.lease("a", 1, load) as model:
            models.append(model)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert cache.state("a") == "loading"
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(models) == 8
    assert len(set(models)) == 1


def test_a_failed_load_is_shared_and_tried_again_after_growing_delays() -> None:
    now = [0.0]
    told: list[object] = []
    loads: list[int] = []
    cache: ModelCache[Held] = ModelCache(
        10, clock=lambda: now[0], on_failure=lambda key, error: told.append((key, str(error)))
    )

    def load() -> Held:
        loads.append(1)
        raise OSError("broken")

    def refusal() -> int | None:
        with pytest.raises(ModelUnavailable) as caught:
            cache.lease("a", 1, load)
        return caught.value.retry_after_seconds

    assert [refusal(), refusal()] == [1, 1]
    assert (len(loads), told) == (1, [("a", "broken")])
    now[0] = 1.0
    assert [refusal(), refusal()] == [2, 2]
    assert len(loads) == 2
    now[0] = 1000.0
    with cache.lease("a", 1, lambda: Held("a", [])):
        assert cache.state("a") == "ready"
    assert cache.held_bytes == 1


def test_a_model_in_use_is_closed_only_when_its_last_call_ends() -> None:
    held: list[str] = []
    cache: ModelCache[Held] = ModelCache(10)
    lease = cache.lease("a", 1, lambda: Held("a", held))
    with lease, cache.lease("a", 1, lambda: Held("never", held)):
        cache.discard("a")
        assert held == ["a"]
        assert cache.held_bytes == 1
    assert held == []
    assert cache.held_bytes == 0


def test_a_caller_that_cannot_wait_leaves_the_load_to_the_next() -> None:
    go_on = threading.Event()
    cache: ModelCache[Held] = ModelCache(10)

    def load() -> Held:
        go_on.wait(10)
        return Held("a", [])

    with pytest.raises(ModelUnavailable):
        cache.lease("a", 1, load, timeout=0)
    go_on.set()
    lease = cache.lease("a", 1, lambda: Held("second", []))
    with lease as model:
        assert model.name == "a"


def test_a_model_that_grows_by_more_than_its_size_evicts_others() -> None:
    process = Process()
    cache: ModelCache[Growing] = ModelCache(10, resident=process.resident)
    with cache.lease("a", 2, process.load(2)):
        pass
    with cache.lease("b", 2, process.load(9)):
        pass
    # The load's thread evicts after it has handed the model over; the next load waits for no less room than that.
    with cache.lease("c", 1, process.load(1)):
        assert cache.keys() == ["b", "c"]
        assert cache.held_bytes == 10


def test_memory_that_all_models_of_a_kind_share_is_taken_off_the_budget_once() -> None:
    cache: ModelCache[Held] = ModelCache(10)
    with cache.lease("a", 2, lambda: Held("a", []), shared=Shared("engine", 4)):
        pass
    with cache.lease("b", 4, lambda: Held("b", []), shared=Shared("engine", 4)):
        assert cache.keys() == ["a", "b"]
    with pytest.raises(ModelTooLarge):
        cache.lease("c", 7, lambda: Held("c", []))


def test_threads_that_ask_for_everything_at_once_all_get_it_within_the_budget() -> None:
    held: list[str] = []
    worst: list[int] = []
    lock = threading.Lock()
    cache: ModelCache[Held] = ModelCache(9)
    failures: list[Exception] = []

    def load(name: str) -> Held:
        with lock:
            worst.append(sum(SIZES[other] for other in held) + SIZES[name])
            return Held(name, held)

    def use(start: int) -> None:
        try:
            for step in range(60):
                name = "abcde"[(start + step * 3) % 5]
                with cache.lease(name, SIZES[name], lambda name=name: load(name)) as model:
                    assert model.name in held
        except Exception as error:
            failures.append(error)

    run_at_once(partial(use, start) for start in range(6))
    assert failures == []
    assert max(worst) <= 9


def test_a_first_model_that_grows_by_more_than_its_size_counts_in_full_beside_its_engine() -> None:
    resident = [0]
    cache: ModelCache[Held] = ModelCache(100, resident=lambda: resident[0])

    def load() -> Held:
        resident[0] += 3 + 20
        return Held("a", [])

    with cache.lease("a", 5, load, shared=Shared("engine", 40, resident=3)):
        assert cache.held_bytes == 20


def test_models_that_grow_at_later_calls_evict_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.cache.LOOK_SECONDS", 0.0)
    process = Process()
    cache: ModelCache[Growing] = ModelCache(10, resident=process.resident)
    for name in "abc":
        with cache.lease(name, 1, process.load(1)):
            pass
    for name in "abc":
        with cache.lease(name, 1, process.load(1)) as model:
            model.grow(6)
        assert process.bytes - 100 <= 10
    assert cache.keys() == ["c"]
    with cache.lease("d", 4, process.load(4)):
        assert cache.keys() == ["d"]


def test_requests_may_take_their_share_beside_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.serving.cache.LOOK_SECONDS", 0.0)
    process = Process()
    cache: ModelCache[Growing] = ModelCache(10, resident=process.resident, slack=50)
    for name in "abab":
        hit = cache.state(name) == "ready"
        with cache.lease(name, 5, process.load(5)):
            process.bytes += 25 * hit
    assert cache.keys() == ["a", "b"]


def test_room_is_made_for_what_a_model_took_before() -> None:
    process = Process()
    cache: ModelCache[Growing] = ModelCache(10, resident=process.resident)
    for name, size in (("a", 8), ("b", 8), ("a", 8)):
        with cache.lease(name, 1, process.load(size)):
            assert process.bytes - 100 <= 16 if name == "b" else process.bytes == 108
    with cache.lease("b", 1, process.load(8)):
        assert process.bytes == 108


@pytest.mark.parametrize("error", [SystemExit(1), MemoryError(), OSError("broken")])
def test_no_failure_of_a_load_leaves_anything_behind(error: BaseException) -> None:
    now = [0.0]
    cache: ModelCache[Held] = ModelCache(10, clock=lambda: now[0])

    def load() -> Held:
        raise error

    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        cache.lease("a", 10, load, shared=Shared("engine", 0))
    assert (cache.held_bytes, cache.state("a")) == (0, "failed")
    now[0] = 1.0
    with cache.lease("a", 10, lambda: Held("a", [])):
        assert cache.held_bytes == 10


def test_a_load_that_cannot_be_begun_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: ModelCache[Held] = ModelCache(10)
    with monkeypatch.context() as patched:

        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(ModelUnavailable, match="could not be loaded now"):
            cache.lease("a", 10, lambda: Held("a", []))
    assert cache.state("a") == "absent"
    with cache.lease("a", 10, lambda: Held("a", [])):
        assert cache.held_bytes == 10


def test_a_model_that_cannot_be_closed_and_a_log_that_cannot_be_written_stop_nothing() -> None:
    class Stuck(Held):
        def close(self) -> None:
            raise OSError("stuck")

    told: list[str] = []

    def tell(key: object, error: BaseException) -> None:
        told.append(str(error))
        raise OSError("the log is full")

    cache: ModelCache[Held] = ModelCache(10, on_failure=tell)
    with cache.lease("a", 10, lambda: Stuck("a", [])):
        pass
    with cache.lease("b", 10, lambda: Held("b", [])):
        assert (cache.keys(), cache.held_bytes, told) == (["b"], 10, ["stuck"])


def test_an_engine_is_set_aside_only_once_it_has_loaded_a_model() -> None:
    cache: ModelCache[Held] = ModelCache(10)
    with pytest.raises(ModelTooLarge):
        cache.lease("large", 8, lambda: Held("large", []), shared=Shared("tensorflow", 5))

    def fail() -> Held:
        raise OSError

    with pytest.raises(ModelUnavailable):
        cache.lease("broken", 1, fail, shared=Shared("tensorflow", 5))
    assert cache.too_large(10) is None
    assert cache.too_large(6, Shared("tensorflow", 5)) is not None
    with cache.lease("small", 10, lambda: Held("small", [])):
        assert cache.held_bytes == 10


def test_a_model_that_is_discarded_while_it_is_loaded_answers_those_who_wait_and_leaves() -> None:
    held: list[str] = []
    begun, go_on = threading.Event(), threading.Event()
    cache: ModelCache[Held] = ModelCache(10)

    def load() -> Held:
        begun.set()
        go_on.wait(10)
        return Held("a", held)

    def give_up() -> None:
        begun.wait(10)
        cache.discard("a")
        go_on.set()

    threading.Thread(target=give_up).start()
    with cache.lease("a", 1, load):
        assert (held, cache.keys()) == (["a"], [])
    assert (held, cache.held_bytes) == ([], 0)


def test_a_load_that_takes_too_long_raises_another_error_than_one_that_failed() -> None:
    go_on = threading.Event()
    cache: ModelCache[Held] = ModelCache(10)

    def load() -> Held:
        go_on.wait(10)
        raise OSError

    with pytest.raises(ModelLoading):
        cache.lease("a", 1, load, timeout=0)
    go_on.set()
    with pytest.raises(ModelUnavailable) as caught:
        cache.lease("a", 1, load)
    assert not isinstance(caught.value, ModelLoading)


def test_memory_of_a_failed_load_is_freed_at_once() -> None:
    class Large:
        pass

    seen: list[weakref.ref[Large]] = []

    def load() -> Held:
        large = Large()
        seen.append(weakref.ref(large))
        raise OSError

    cache: ModelCache[Held] = ModelCache(10)
    gc.disable()
    try:
        with pytest.raises(ModelUnavailable) as caught:
            cache.lease("a", 1, load)
        caught.value.__cause__ = caught.value.__traceback__ = None
        del caught
        assert seen[0]() is None
    finally:
        gc.enable()
