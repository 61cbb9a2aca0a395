"""HEIC, as telephones write it: its pixels come back upright and in the colours of sRGB, or a sentence says why not."""

import subprocess
import sys
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps

from srviz.inputs import reader
from srviz.inputs.base import Unreadable
from srviz.inputs.kinds import heif
from srviz.inputs.pictures import read_picture
from tests.inputs.answers import read, refused
from tests.inputs.test_kinds import other_primaries

FAST = {"preset": "ultrafast"}


def picture(wide=150, high=100):
    """Smooth colours, of which no two corners are alike."""
    y, x = np.mgrid[:high, :wide]
    return Image.fromarray(np.stack([255 * x / wide, 255 * y / high, 255 * (1 - x / wide)], axis=2).astype(np.uint8))


def written(*images, **options):
    """The bytes of a HEIC, as pillow-heif writes it."""
    file = pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    out = BytesIO()
    file.save(out, **{"quality": 90, **options})
    return out.getvalue()


def off(pixels, image):
    return np.abs(pixels.astype(float) - np.asarray(image)).mean()


def announcing(data, wide, high):
    """The same file with other numbers in the place where it says how large it is."""
    at = data.index(b"ispe") + 8
    return data[:at] + wide.to_bytes(4, "big") + high.to_bytes(4, "big") + data[at + 8 :]


def test_a_heic_is_read_in_the_process():
    read_in = read_picture(written(picture()))
    assert off(read_in.pixels, picture()) < 3
    assert read_in.notes == ()


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA"])
def test_grey_and_transparent_ones(mode):
    image = picture().convert(mode)
    if "A" in mode:
        image.putalpha(Image.fromarray(np.tile(np.repeat([0, 255], 75).astype(np.uint8), (100, 1))))
    pixels = read(".heic", written(image, quality=95))[1]["pixels"]
    if "A" in mode:
        assert (pixels[:, :60] > 250).all()
    shown = picture().convert("RGB" if mode == "RGBA" else "L").convert("RGB")
    assert off(pixels[:, 90:], shown.crop((90, 0, 150, 100))) < 4


@pytest.mark.parametrize("turn", range(1, 9))
def test_it_is_turned_once(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    pixels = read(".jpg", written(picture(), exif=exif.tobytes()))[1]["pixels"]
    stored = picture()
    stored.getexif()[0x0112] = turn
    upright = ImageOps.exif_transpose(stored)
    assert pixels.shape[:2] == upright.size[::-1]
    assert off(pixels, upright) < 3


def test_its_colours_are_those_of_its_profile():
    plain = Image.new("RGB", (80, 70), (200, 0, 50))
    said, found = read(".heic", written(plain, icc_profile=other_primaries(), quality=-1, chroma=444))
    assert np.abs(found["pixels"].astype(int) - [50, 0, 200]).max() <= 6
    assert said["notes"] == []
    said, found = read(".heic", written(plain, color_primaries=12, transfer_characteristics=13, chroma=444))
    assert found["pixels"][..., 0].mean() > 210  # in Display P3 the same numbers are a stronger red
    assert said["notes"] == []
    said, _ = read(".heic", written(plain, color_primaries=9, transfer_characteristics=16, chroma=444))
    assert "cICP 9-16-0-1, which is not known here" in said["notes"][0]


def test_large_ones_are_scaled_down():
    said, found = read(".heic", written(picture(1100, 660), enc_params=FAST))
    assert found["pixels"].shape == (614, 1024, 3)
    assert off(found["pixels"], picture(1024, 614)) < 3
    assert said["notes"] == ["scaled down from 1,100 × 660 to 1,024 × 614 pixels"]
    assert "64 a side" in refused(".heic", written(picture(90, 40)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_large_ones_are_made_smaller_strip_by_strip(mode):
    file = heif.opened(written(picture(301, 1203).convert(mode), enc_params=FAST))
    small, _ = heif.unpacked(file, 100, [])
    assert small.size == (101, 401)
    assert off(np.asarray(small.convert("RGB")), picture(301, 1203).convert(mode).convert("RGB").reduce(3)) < 3


def test_several_pictures_in_one():
    said, found = read(".heic", written(picture(), picture().rotate(180)))
    assert off(found["pixels"], picture()) < 3
    assert said["notes"] == ["of several pictures in it the first"]
    said, found = read(".heic", written(picture(), picture().rotate(180), primary_index=1))
    assert off(found["pixels"], picture().rotate(180)) < 3
    assert said["notes"] == ["of several pictures in it the one that it opens with"]


def test_what_is_cut_short_or_broken_is_said():
    data = written(picture())
    for keep in range(40, len(data) - 1, len(data) // 40):
        assert "cut short" in refused(".heic", data[:keep])
    at = data.index(b"mdat")
    assert "broken or cut short" in refused(".heic", data[: at + 12] + bytes(len(data) - at - 12))


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_bombs_are_refused_or_end_within_their_memory():
    data = written(picture())
    for wide, high in ((60_000, 60_000), (8_000, 6_300), (2**31 - 1, 2**31 - 1)):
        assert "too large" in refused(".heic", announcing(data, wide, high)) or wide > 2**30
    assert "takes 240 MB when it is unpacked" in refused(".heic", announcing(data, 8_000, 6_000))
    large = written(Image.new("RGB", (4000, 4000), "teal"), quality=10, enc_params=FAST)
    assert len(large) < 30_000
    with pytest.raises(Unreadable, match="more than the 100 MB of memory"):
        read_picture(large, memory=100 << 20)
    with pytest.raises(Unreadable, match="broken"):  # what it holds is more than it announces
        read_picture(announcing(large, 100, 100), memory=100 << 20)
    assert read_picture(large, memory=200 << 20).pixels.shape == (1024, 1024, 3)


def test_without_its_library_a_heic_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    assert refused(".heic", written(picture())) == heif.ALONE


def test_its_library_is_loaded_for_a_heic_alone():
    code = """
import sys
from io import BytesIO
from PIL import Image, ImageOps
from srviz.inputs import kinds, pictures
out = BytesIO()
Image.new("RGB", (80, 80)).save(out, "PNG")
assert "error" not in kinds.answer(".png", out.getvalue())[0]
print([name for name in sys.modules if "heif" in name])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['srviz.inputs.kinds.heif']"


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_too_little_memory_is_said():
    assert reader.read_arrays(".heic", written(picture()), memory=64 << 20)[1]
    large = written(Image.new("RGB", (2000, 2000), "teal"), enc_params=FAST)
    with pytest.raises(Unreadable, match="more than the 64 MB of memory"):
        reader.read_arrays(".heic", large, memory=64 << 20)
