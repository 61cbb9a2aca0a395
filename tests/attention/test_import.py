"""The operator needs torch and nothing else: the environment of a researcher who wants no app."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import torch, torch.nn, torch.autograd

def packages():
    return {name.partition(".")[0] for name in sys.modules}

class Nothing:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("srviz", "torch") and top not in before:
            raise ImportError(f"{name} is not torch")
        if name.startswith("srviz.") and not name.startswith("srviz.attention"):
            raise ImportError(f"{name} is another room")

before = packages()
assert not before & {"streamlit", "plotly", "sklearn", "pandas", "scipy", "srviz"}, before
sys.meta_path.insert(0, Nothing())

import srviz.attention as a

for name in a.__all__:
    assert hasattr(a, name), name
s, t, v = torch.randn(300), torch.randn(300, requires_grad=True), torch.randn(300, 2)
a.sliced_relu(s, t, v).sum().backward()
x = torch.randn(1, 5, 4)
a.SlicedAttention(4, 2, kernel="bump")(x, x, x)
maps = a.Projections.untrained(4, 2, 3)
for method in a.METHODS.values():
    method.apply(maps.heads(x[0], method))
a.trace(s, t.detach(), v)
print(sorted(packages() - before - set(sys.stdlib_module_names)))
"""


def test_with_torch_alone() -> None:
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "['srviz']"
