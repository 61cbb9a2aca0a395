"""What attention looks at: named generators of tokens, found by themselves.

Every module of this package is imported here, so an input is added by one decorated function in any of them, or in a
new file. `INPUTS` maps its name to it, the toys before the real data; `CLOUDS` does so for points in space.
"""

from importlib import import_module
from pkgutil import iter_modules

from srviz.inputs.base import INPUTS, Input, Tokens, register
from srviz.inputs.shapes import CLOUDS

for _module in iter_modules(__path__, prefix=f"{__name__}."):
    import_module(_module.name)

for _name in [name for name, found in INPUTS.items() if found.real]:
    INPUTS[_name] = INPUTS.pop(_name)

__all__ = ["CLOUDS", "INPUTS", "Input", "Tokens", "register"]
