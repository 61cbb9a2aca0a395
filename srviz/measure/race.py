"""What the benchmark measures, in one process: time and memory of every method at growing n.

Each method is given its own inputs: q, k and v, or for a sliced one the scores s and t and the values v. The maps from
tokens to these are not timed, for any method; a whole layer is given the tokens x and has them. "backward" is forward
and backward: the output, and the gradients of all inputs and of a layer's parameters. The floor of a run is a sort of
the key scores, `t.sort(-1)`, and two copies of the values held at once.

At every n the methods take turns, a sample each, so that drift hits all alike. A sample during which the system took a
processor away counts only where there are too few others. A method ends where one call of its next
point would take longer than is allowed, or more memory than there is; a row says so. On a GPU a call is timed as Python
makes it, and then once more as a CUDA graph replays it.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from srviz import device as devices
from srviz import host
from srviz.attention.methods import Way, ways
from srviz.measure import memory, replay
from srviz.measure.plan import FLOOR, Plan, Row
from srviz.measure.provenance import Others, provenance
from srviz.numbers import rough, size

SAMPLE_SECONDS = 0.005  # seconds that a sample should last: short calls are repeated in it
FEWEST, MOST, TOGETHER_SECONDS = 5, 11, 0.3  # samples of a point, and the seconds after which the fewest are enough
PATIENCE = 2  # times as many, and as long, where others disturb them
PILOT = 256  # tokens of a first try where the run begins with more


@dataclass
class Lane:
    """One method in one direction. past: (n, seconds of a call) of its points."""

    method: str
    direction: str
    way: Way
    past: list[tuple[int, float]] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)
    disturbed: list[float] = field(default_factory=list)
    calls: int = 1
    peak: int | None = None
    peak_how: str = ""
    returned: int = 0
    replayed: float | None = None
    not_replayed: str = ""

    def wants(self) -> bool:
        """Whether its point needs another sample."""
        done, taken = len(self.samples + self.disturbed), sum(self.samples + self.disturbed) * self.calls
        more = 1 if len(self.samples) >= FEWEST else PATIENCE
        return done < FEWEST or (done < more * MOST and taken < more * TOGETHER_SECONDS)

    def used(self) -> list[float]:
        """The samples that count."""
        return self.samples if len(self.samples) >= FEWEST else self.samples + self.disturbed

    def predicted(self, n: int) -> float:
        """Seconds of a call at n, from the last point and how the time grew before it; 0 where nothing is known.

        From the fastest samples: a machine that was busy elsewhere ends no method.
        """
        if not self.past:
            return 0.0
        last, taken = self.past[-1]
        growth = 2.0**self.way.growth
        if len(self.past) > 1 and last == 2 * self.past[-2][0]:
            growth = min(max(growth, taken / self.past[-2][1]), 2 * growth)
        return float(taken * growth ** math.log2(n / last))

    def needs(self, n: int, plan: Plan) -> int:
        """Bytes of a call at n with its inputs, by arithmetic: what decides whether it is tried."""
        back = self.direction == "backward"
        wide = max(4, plan.itemsize)  # half precision is summed in float32
        numbers = (self.way.sums[back] + 4) * plan.d * n + self.way.matrices[back] * n * n
        return plan.batch * plan.heads * wide * numbers


def race(plan: Plan) -> Iterator[dict[str, Any]]:
    """Run the plan; what happens, as it happens, in records that JSON can hold.

    {"provenance": …} first; {"at": [method, direction, n]} before a point is tried; {"row": …} a `Row` as soon as there
    is a first sample and again with more, or where a method ends; {"others": share of the processors' time that other
    work took so far}; {"lost": sentence} where the device is gone; {"end":
    true}.
    """
    device = torch.device(plan.device)
    if plan.device not in map(str, devices.present()):
        yield {"lost": f"There is no device {plan.device} here."}
        return
    torch.set_num_threads(plan.threads)
    memory.settle_malloc()
    yield {"provenance": provenance(plan)}
    others = Others()
    before = memory.resident()
    room = host.available() if plan.memory is None else plan.memory

    def left() -> int:
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
            return free if plan.memory is None else min(free, plan.memory - torch.cuda.memory_allocated(device))
        return max(0, min(host.available(), room - max(0, memory.resident() - before)))

    lanes = [Lane(method, direction, ways()[method]) for method, direction in plan.lanes()]
    floor = Lane(FLOOR, "forward", Way(FLOOR, "The floor", "n log n", ("t", "v", "v"), _floor, (3, 3)))
    running = [floor, *lanes]
    if plan.least > PILOT:
        for lane in lanes:
            with contextlib.suppress(RuntimeError, MemoryError):
                _, taken = _once(lane, Inputs(plan, PILOT, device))
                lane.past.append((PILOT, taken))
    for n in plan.sizes():
        inputs = Inputs(plan, n, device)
        ready = []
        for lane in running:
            yield {"at": [lane.method, lane.direction, n]}
            why = _refused(lane, n, plan, left())
            if not why:
                try:
                    _prepare(lane, inputs)
                    ready.append(lane)
                    continue
                except (RuntimeError, MemoryError) as error:
                    why = _said(error)
            yield {"row": asdict(_row(lane, n, plan, why))}
            if gone := _gone(device):
                yield {"lost": gone}
                return
        while waiting := [lane for lane in ready if lane.wants()]:
            for lane in waiting:
                yield {"at": [lane.method, lane.direction, n]}
                try:
                    before = _disturbances()
                    taken = sample(lane, inputs)
                    (lane.samples if _disturbances() == before else lane.disturbed).append(taken)
                except (RuntimeError, MemoryError) as error:
                    ready.remove(lane)
                    yield {"row": asdict(_row(lane, n, plan, _said(error)))}
                    if gone := _gone(device):
                        yield {"lost": gone}
                        return
                    continue
                if lane.calls == 1 or not lane.wants():
                    yield {"row": asdict(_row(lane, n, plan))}
        for lane in ready:
            lane.past.append((n, min(lane.used())))
            if replay.possible(device):
                yield {"at": [lane.method, lane.direction, n]}
                _replay(lane, inputs)
                yield {"row": asdict(_row(lane, n, plan))}
                if lane.not_replayed and (gone := _gone(device)):
                    yield {"lost": gone}
                    return
        if (share := others.share()) is not None:
            yield {"others": share}
        running = ready
        if running in ([], [floor]):
            break
    yield {"end": True}


def _floor(t: Tensor, v: Tensor, _: Tensor) -> Tensor:
    t.sort(-1)
    first, second = v.clone(), v.clone()
    return first if len(first) else second


class Inputs:
    """The inputs at one n, made when a method first asks for them, all normal: q, k, v and the upstream gradient g
    (B, H, n, d), s and t (B, H, n), and of layers the tokens x and the upstream gradient y (B, n, H·d).
    """

    def __init__(self, plan: Plan, n: int, device: torch.device) -> None:
        self.shape = (plan.batch, plan.heads, n, plan.d)
        self.device, self.dtype, self.using = device, getattr(torch, plan.dtype), plan.using
        self.made: dict[str, Tensor] = {}
        self.layers: dict[str, nn.Module] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.made:
            generator = torch.Generator(self.device).manual_seed(ord(name))
            batch, heads, n, d = self.shape
            shape = {
                "s": self.shape[:3],
                "t": self.shape[:3],
                "x": (batch, n, heads * d),
                "y": (batch, n, heads * d),
            }.get(name, self.shape)
            self.made[name] = torch.randn(shape, generator=generator, device=self.device, dtype=self.dtype)
        return self.made[name]

    def call(self, lane: Lane) -> Callable[[], tuple[Tensor, ...]]:
        """One call of a method on these, to be timed; it returns what it computed."""
        run, given, g = self._of(lane.way, training=lane.direction == "backward")
        if lane.direction == "forward":

            def forward() -> tuple[Tensor, ...]:
                with torch.no_grad():
                    return (run(*given),)

            return forward
        leaves = [x if isinstance(x, nn.Parameter) else x.detach().requires_grad_() for x in given]

        def backward() -> tuple[Tensor, ...]:
            y = run(*leaves)
            return (y.detach(), *torch.autograd.grad(y, leaves, g))

        return backward

    def _of(self, way: Way, training: bool) -> tuple[Callable[..., Tensor], list[Tensor], Tensor]:
        """What is called, on what, and the upstream gradient.

        A layer is made once, of one seed for every method. It is in the mode in which people call it.
        """
        given = [self[name] for name in way.takes]
        if way.layer is None:
            assert way.run
            return way.run, given, self["g"]
        if way.name not in self.layers:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                made = way.layer(self.shape[1] * self.shape[3], self.shape[1], device=self.device, dtype=self.dtype)
            self.layers[way.name] = made
        layer = self.layers[way.name].train(training)

        def attend(x: Tensor, *parameters: Tensor) -> Tensor:
            y: Tensor = layer(x, x, x, need_weights=False)[0]
            return y

        return attend, [*given, *layer.parameters()], self["y"]


def _once(lane: Lane, inputs: Inputs) -> tuple[tuple[Tensor, ...], float]:
    """A warm-up and a timed call: what it returns and the seconds."""
    call = inputs.call(lane)
    with inputs.using():
        call()
        devices.synchronize(inputs.device)
        began = time.perf_counter()
        found = call()
        devices.synchronize(inputs.device)
    return found, time.perf_counter() - began


def _prepare(lane: Lane, inputs: Inputs) -> None:
    """Warm up; see how much memory a call takes and how many calls make a sample."""
    found, taken = _once(lane, inputs)
    lane.returned = sum(x.nbytes for x in found)
    del found
    call, device = inputs.call(lane), inputs.device
    with inputs.using():
        if device.type == "cuda":
            torch.cuda.synchronize(device)
            torch.cuda.reset_peak_memory_stats(device)
            held = torch.cuda.memory_allocated(device)
            call()
            torch.cuda.synchronize(device)
            lane.peak, lane.peak_how = torch.cuda.max_memory_allocated(device) - held, "the allocator's record"
        elif device.type == "cpu":
            lane.peak, lane.peak_how = memory.peak_of(lambda: _within(inputs, call))
            call()  # the memory that the process keeps is warm again
    lane.calls = max(1, math.ceil(SAMPLE_SECONDS / taken))
    lane.samples, lane.disturbed = [], []
    lane.replayed, lane.not_replayed = None, ""


def _within(inputs: Inputs, call: Callable[[], object]) -> object:
    """By the engine of the plan, in a thread of its own too."""
    with inputs.using():
        return call()


def _replay(lane: Lane, inputs: Inputs) -> None:
    """The median of a few samples of a call that a CUDA graph replays, or why there is none."""
    try:
        with inputs.using():
            call = replay.captured(inputs.call(lane), inputs.device)
        call()
        calls = max(1, math.ceil(SAMPLE_SECONDS / min(lane.used())))
        _, lane.replayed, _ = _quartiles([timed(call, inputs.device, calls) for _ in range(FEWEST)])
    except (RuntimeError, MemoryError) as error:
        lane.not_replayed = _said(error)


def sample(lane: Lane, inputs: Inputs) -> float:
    """Seconds of one call, the mean of as many as make a sample; a GPU measures them by its own events."""
    call = inputs.call(lane)
    with inputs.using():
        return timed(call, inputs.device, lane.calls)


def timed(call: Callable[[], object], device: torch.device, calls: int) -> float:
    """Seconds of one call, the mean of so many."""
    devices.synchronize(device)
    if device.type == "cuda":
        first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        first.record()
        for _ in range(calls):
            call()
        last.record()
        torch.cuda.synchronize(device)
        return float(first.elapsed_time(last)) / 1e3 / calls
    began = time.perf_counter()
    for _ in range(calls):
        call()
    devices.synchronize(device)
    return (time.perf_counter() - began) / calls


def _disturbances() -> int:
    """How often the system has taken a processor from this process so far; 0 where it does not tell."""
    try:
        import resource
    except ImportError:  # not on this system
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def _refused(lane: Lane, n: int, plan: Plan, left: int) -> str:
    """Why this point is not tried; empty where it is."""
    needs, expected = lane.needs(n, plan), lane.predicted(n)
    if needs > left:
        matrices = lane.way.matrices[lane.direction == "backward"]
        sum_ = f": {matrices} × {plan.batch * plan.heads} × n² numbers" if matrices else ""
        return f"would need {size(needs)}{sum_}; {size(left)} can be had"
    return f"would take {rough(expected)}" if expected > plan.seconds and lane.method != FLOOR else ""


def _said(error: BaseException) -> str:
    """Why a point failed, in a few words."""
    gone = isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or "memory" in str(error).lower()
    if gone and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):
            torch.cuda.empty_cache()
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return "out of memory" if gone else f"failed: {first[:200]}"


def _gone(device: torch.device) -> str:
    """A sentence where the device does not answer any more."""
    try:
        torch.ones(1, device=device).add_(1).cpu()
    except (RuntimeError, MemoryError):
        return f"The device {device} does not answer any more."
    return ""


def _row(lane: Lane, n: int, plan: Plan, stopped: str = "") -> Row:
    shape = {name: getattr(plan, name) for name in ("batch", "heads", "d", "dtype", "device", "threads", "engine")}
    row = Row(lane.method, lane.direction, n, **shape, inputs=", ".join(dict.fromkeys(lane.way.takes)), stopped=stopped)
    if stopped:
        return replace(row, expected=lane.predicted(n) or None)
    used = lane.used()
    lower, middle, upper = _quartiles(used)
    return replace(
        row, seconds=middle, lower=lower, upper=upper, least=min(used), most=max(used), samples=len(used),
        left_out=len(lane.samples + lane.disturbed) - len(used), calls=lane.calls, peak=lane.peak,
        peak_how=lane.peak_how, returned=lane.returned, replayed=lane.replayed, not_replayed=lane.not_replayed,
    )  # fmt: skip


def _quartiles(samples: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile, between the two nearest samples where need be."""
    ordered = sorted(samples)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])

    return at(0.25), at(0.5), at(0.75)
