"""How a cloud is lit: by the cosine to the lamp where it is a surface, and not at all where it is none."""

import numpy as np
import pytest

from srviz.inputs import CLOUDS
from srviz.inputs.light import LAMP, light


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_a_plane_is_lit_by_the_cosine_to_the_lamp(normal):
    place = np.random.default_rng(0).uniform(-1, 1, (400, 3)).astype(np.float32)
    place[:, normal] = 0
    np.testing.assert_allclose(light(place), abs(LAMP[normal]) / np.linalg.norm(LAMP), atol=1e-5)


def test_a_ball_has_more_light_above_than_at_its_sides():
    place = np.random.default_rng(1).normal(size=(4000, 3))
    place = (place / np.linalg.norm(place, axis=1, keepdims=True)).astype(np.float32)
    cosine = np.abs(place @ LAMP) / np.linalg.norm(LAMP)
    assert np.corrcoef(cosine, light(place))[0, 1] > 0.98


def test_a_line_and_a_solid_are_no_surface():
    rng = np.random.default_rng(2)
    line = np.outer(np.linspace(0, 1, 300), [1, 2, 3]) + rng.normal(0, 1e-3, (300, 3))
    assert light(line.astype(np.float32)).mean() > 0.85
    assert light(rng.uniform(-1, 1, (3000, 3)).astype(np.float32)).mean() > 0.85


@pytest.mark.parametrize(
    "place", [np.zeros((50, 3)), np.ones((1, 3)), np.zeros((0, 3)), np.eye(3)[[0] * 30 + [1] * 30]]
)
def test_points_at_one_place_and_few_points(place):
    found = light(place.astype(np.float32))
    assert found.shape == (len(place),)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("name", CLOUDS)
def test_every_cloud(name):
    place = CLOUDS[name].make(CLOUDS[name].nearest(512), random_state=0).place
    assert np.isfinite(light(place)).all()
