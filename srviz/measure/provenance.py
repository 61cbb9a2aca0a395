"""Where, when and with what a benchmark is run, and how much other work went on beside it."""

import datetime
import os
import platform
from pathlib import Path

import torch

from srviz import device as devices
from srviz import host
from srviz.attention.engines import computed_by
from srviz.measure.plan import Plan


def provenance(plan: Plan) -> dict[str, str | int]:
    """Where, when and with what a run is made."""
    device = torch.device(plan.device)
    with plan.using():
        sliced = computed_by("sliced_relu", getattr(torch, plan.dtype), device)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return {
        "device": host.processor() if device.type == "cpu" else devices.describe(device),
        "cpu": host.processor(),
        "cores": host.cores(),
        "threads": plan.threads,
        "load_before": load,  # tasks that ran or waited, over the last minute
        "memory": host.granted(),
        "torch": torch.__version__,
        "sliced": sliced,
        "cuda": str(torch.version.cuda or ""),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "waiting": os.environ.get("OMP_WAIT_POLICY") or f"spins {os.environ.get('GOMP_SPINCOUNT', 'as usual')}",
        "command": plan.command(),
    }


class Others:
    """How much of the processors' time went to other work than this process, since this was made."""

    def __init__(self) -> None:
        self.start = self._ticks()

    def share(self) -> float | None:
        """0 to 1; None where the system does not tell."""
        now = self._ticks()
        if self.start is None or now is None:
            return None
        taken, passed, mine = (later - before for later, before in zip(now, self.start, strict=True))
        return round(min(1.0, max(0.0, (taken - mine) / max(passed, 1.0))), 2)

    @staticmethod
    def _ticks() -> tuple[float, float, float] | None:
        """Seconds so far: of work, of work and rest, and of this process."""
        try:
            line = Path("/proc/stat").read_text("ascii").split("\n", 1)[0]
            user, nice, system, idle, waiting, *rest = (int(x) / os.sysconf("SC_CLK_TCK") for x in line.split()[1:])
        except (OSError, ValueError, AttributeError):
            return None
        taken = user + nice + system + sum(rest[:3])
        return taken, taken + idle + waiting, sum(os.times()[:2])
