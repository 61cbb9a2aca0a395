"""The devices that torch can compute on here."""

import torch


def present() -> list[torch.device]:
    """Every device present, the best first: CUDA, then MPS, then CPU."""
    devices = [torch.device("cuda", i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        devices.append(torch.device("mps"))
    return [*devices, torch.device("cpu")]


def pick() -> torch.device:
    """The best device present."""
    return present()[0]


def describe(device: torch.device) -> str:
    """A short name for people: "CPU, 2 threads", or the accelerator's own name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU (MPS)"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def synchronize(device: torch.device) -> None:
    """Wait until everything given to the device is done: a clock is read only after this."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
