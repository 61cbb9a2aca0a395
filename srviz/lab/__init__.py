"""The lab: small models trained with sliced attention and beside it, on small tasks. torch and numpy alone."""

from srviz.lab.spec import Spec
from srviz.lab.task import Recipe, Task
from srviz.lab.tasks import TASKS
from srviz.lab.train import Training, build, load

__all__ = ["TASKS", "Recipe", "Spec", "Task", "Training", "build", "load"]
