"""What is read from the files of packages is what the packages themselves give."""

import numpy as np
import pytest
from sklearn import datasets

from srviz.inputs import INPUTS, packaged
from srviz.inputs.base import standardized_columns
from srviz.inputs.pictures import photograph


@pytest.mark.parametrize("name", ["digits", "iris", "wine"])
def test_tables_are_those_of_scikit_learn(name: str) -> None:
    found, right = getattr(packaged, name)(), getattr(datasets, f"load_{name}")()
    assert np.array_equal(found.x, right.data)
    assert np.array_equal(found.label, right.target)
    assert found.labels == tuple(map(str, right.target_names))


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_are_those_of_scikit_learn(name: str) -> None:
    assert np.array_equal(photograph(name), datasets.load_sample_image(f"{name}.jpg"))


@pytest.mark.parametrize("n", [4, 5, 64, 1001])
def test_moons_and_circles_are_those_of_scikit_learn(n: int) -> None:
    for name, points in (
        ("moons", datasets.make_moons(n, shuffle=False)[0]),
        ("circles", datasets.make_circles(n, factor=0.5, shuffle=False)[0]),
    ):
        found = INPUTS[name].make(n, random_state=0, noise=0).x
        assert np.array_equal(found, standardized_columns(points + np.zeros(points.shape))), name


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'nowhere_to_be_found'$") as error:
        packaged.folder("nowhere_to_be_found")
    assert error.value.name == "nowhere_to_be_found"
