"""Which devices there are, which is the best, and what people call it; with machines that are not here made up."""

import pytest
import torch

from srviz import device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A machine with so many CUDA devices, and with MPS or without."""
    cuda, mps = request.param
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("machine", "names"),
    [
        pytest.param((0, False), ["cpu"], id="CPU alone"),
        pytest.param((0, True), ["mps", "cpu"], id="MPS"),
        pytest.param((1, False), ["cuda:0", "cpu"], id="CUDA"),
        pytest.param((2, True), ["cuda:0", "cuda:1", "mps", "cpu"], id="everything"),
    ],
    indirect=["machine"],
)
@pytest.mark.usefixtures("machine")
def test_the_best_comes_first(names: list[str]) -> None:
    assert [str(found) for found in device.present()] == names
    assert str(device.pick()) == names[0]


def test_what_is_picked_here_computes() -> None:
    x = torch.ones(3, device=device.pick())
    assert float((x + x).sum()) == 6
    assert device.present()[-1] == torch.device("cpu")


@pytest.mark.parametrize(("threads", "name"), [(1, "CPU, 1 thread"), (8, "CPU, 8 threads")])
def test_a_cpu_is_described_by_its_threads(monkeypatch: pytest.MonkeyPatch, threads: int, name: str) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert device.describe(torch.device("cpu")) == name


def test_an_accelerator_is_described_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda which: f"card {which.index}")
    assert device.describe(torch.device("cuda", 1)) == "card 1"
    assert device.describe(torch.device("mps")) == "Apple GPU (MPS)"


def test_synchronizing_waits_for_the_device_in_question(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda which: waited.append(str(which)))
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    for name in ("cpu", "cuda:1", "mps"):
        device.synchronize(torch.device(name))
    assert waited == ["cuda:1", "mps"]
