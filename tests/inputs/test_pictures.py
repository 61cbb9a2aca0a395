"""The visitor's own picture, its patches, and one digit with its numbers."""

import json
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms
from sklearn.datasets import load_digits, load_sample_image

from srviz.inputs import kinds, reader
from srviz.inputs.base import Unreadable
from srviz.inputs.kinds import picture as unpacking
from srviz.inputs.pictures import PHOTOGRAPHS, digit, patches, read_picture


@pytest.fixture(autouse=True)
def here(request, monkeypatch):
    """Unpack in this process, which is faster, where a test does not ask for the other one (marked by its name)."""
    if "process" in request.node.name:
        return

    def arrays(ending, data, *_):
        said, found = kinds.answer(ending, data)
        return found | {"said": np.frombuffer(json.dumps(said).encode(), np.uint8)}

    monkeypatch.setattr(reader, "_arrays", arrays)


def picture(width: int = 96, height: int = 80) -> np.ndarray:
    """Smooth, so that what JPEG loses is little; its four corners differ."""
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x / width, 255 * y / height, 0 * x + 60], axis=2).astype(np.uint8)


def saved(pixels: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "off"), [("PNG", 0), ("JPEG", 12), ("WebP", 12)])
def test_reads_what_was_saved(kind, off):
    read = read_picture(saved(picture(), kind))
    assert read.pixels.dtype == np.uint8
    assert read.pixels.shape == (80, 96, 3)
    assert np.abs(read.pixels.astype(int) - picture()).max() <= off
    assert read.notes == ()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_reads_other_kinds_of_colour(mode):
    image = Image.fromarray(picture()).convert(mode)
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    read = read_picture(saved(image, kind)).pixels.astype(float)
    assert np.abs(read - np.asarray(image.convert("RGB"))).mean() < 4


def test_reads_sixteen_bits_of_grey_over_their_whole_range():
    grey = np.linspace(0, 65535, 80 * 96).reshape(80, 96).astype(np.uint16)
    read = read_picture(saved(Image.fromarray(grey))).pixels
    assert np.abs(read[..., 0] - grey / 257).max() <= 1
    assert np.array_equal(read[..., 0], read[..., 2])


@pytest.mark.parametrize("kind", ["PNG", "WebP"])
def test_what_is_transparent_is_white(kind):
    pixels = np.dstack([picture(), np.full((80, 96), 255, np.uint8)])
    pixels[:40, :, 3] = 0
    read = read_picture(saved(pixels, kind, **({"lossless": True} if kind == "WebP" else {}))).pixels
    assert (read[:40] == 255).all()
    assert np.array_equal(read[40:], picture()[40:])


def test_a_transparent_colour_of_a_palette_is_white():
    image = Image.fromarray(np.repeat(np.arange(4, dtype=np.uint8), 1600).reshape(80, 80), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    read = read_picture(saved(image, transparency=1)).pixels
    assert read[::20, 0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255], [9, 9, 9]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_the_orientation_is_honoured(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn to the right is to be made
    turned = read_picture(saved(picture(), kind, exif=exif)).pixels
    assert turned.shape == (96, 80, 3)
    assert np.abs(turned.astype(int) - np.rot90(picture(), -1)).max() <= 12


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WebP", "RGB")])
def test_a_large_picture_is_scaled_down_and_says_so(kind, mode):
    image = Image.fromarray(picture(3000, 1500)).convert(mode)
    read = read_picture(saved(image, kind))
    assert read.pixels.shape == (512, 1024, 3)
    assert read.notes == ("scaled down from 3,000 × 1,500 to 1,024 × 512 pixels",)
    assert np.abs(read.pixels.astype(int) - np.asarray(image.convert("RGB").resize((1024, 512)))).max() <= 12


def test_a_picture_that_is_turned_and_scaled_down_is_as_high_as_it_is_seen():
    exif = Image.Exif()
    exif[0x0112] = 8
    read = read_picture(saved(picture(3000, 1500), "JPEG", exif=exif))
    assert read.pixels.shape == (1024, 512, 3)
    assert read.notes == ("scaled down from 1,500 × 3,000 to 512 × 1,024 pixels",)


@pytest.mark.parametrize(("kind", "options"), [("WebP", {}), ("JPEG", {"progressive": True}), ("PNG", {})])
def test_a_picture_that_takes_too_much_memory_is_refused(kind, options, monkeypatch):
    data = saved(picture(1200, 1200), kind, **options)
    assert read_picture(data).pixels.shape == (1024, 1024, 3)
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES", 1200 * 1200 * 4 - 1)
    with pytest.raises(Unreadable, match=r"This picture of 1,200 × 1,200 pixels takes \d+ MB when it is unpacked;"):
        read_picture(data)


def test_a_large_photograph_is_unpacked_no_larger_than_it_is_needed():
    read = read_picture(saved(Image.new("RGB", (8000, 6000), "teal"), "JPEG"))
    assert read.notes == ("scaled down from 8,000 × 6,000 to 1,024 × 768 pixels",)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("mode", ["I;16", "RGB"])
def test_the_memory_of_a_picture_is_bounded(mode):
    """The largest that is read: 40 million pixels, in a process that looks at its own record."""
    code = f"""
import re
from io import BytesIO
from pathlib import Path
from PIL import Image, ImageCms
from srviz.inputs.kinds import answer
def status(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
out = BytesIO()
Image.new({mode!r}, (96, 80)).save(out, "PNG")
answer('.png', out.getvalue())
out = BytesIO()
Image.new({mode!r}, (6300, 6300)).save(out, "PNG", compress_level=1)
Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
assert 'pixels' in answer('.png', out.getvalue())[1]
print(status("VmHWM") - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 30e6 < int(done.stdout) < 220e6


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int, height: int) -> bytes:
    """A PNG that announces so many pixels and holds a few."""
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "This file is empty"),
        (b"hello", "This is not a picture in PNG, JPEG or WebP"),
        (saved(picture(), "GIF"), "This is not a picture in PNG, JPEG or WebP"),
        (saved(picture(), "BMP"), "This is not a picture in PNG, JPEG or WebP"),
        (saved(picture(), "TIFF"), "This is not a picture in PNG, JPEG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is not a picture in PNG, JPEG or WebP"),
        (header(50_000, 50_000), "This picture is too large to be unpacked: at most 50 million"),
        (header(11_000, 11_000), "This picture is too large to be unpacked: at most 50 million"),
        (header(7_000, 7_000), "takes 196 MB when it is unpacked; at most 160 MB can be had. A smaller copy works."),
        (header(8_000, 8_000), "It has 8,000 × 8,000. A smaller copy works."),
        (header(100, 100), "This picture is broken or cut short"),
        (saved(picture(63, 200)), "It has 63 × 200 pixels; at least 64 a side work"),
        (saved(picture(4096, 200)), "Scaled to fit, it has 1024 × 50 pixels; at least 64 a side work"),
        (b"\x89PNG" + b"\0" * 25_000_000, "This picture has 25 MB; at most 25 MB can be read"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value[:45],
)
def test_bad_pictures_each_get_a_sentence(data, says):
    with pytest.raises(Unreadable) as refused:
        read_picture(data)
    assert says in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP"])
def test_a_truncated_picture_is_refused(kind):
    rng = np.random.default_rng(0)
    data = saved(rng.integers(0, 255, (80, 96, 3), dtype=np.uint8), kind)
    for keep in (5 if kind == "PNG" else 11, 20, 40, len(data) // 2, len(data) - 40):
        with pytest.raises(Unreadable, match=r"^This picture is cut short: its end is missing\."):
            read_picture(data[:keep])
    if kind == "JPEG":  # a length that is wrong leads behind its end
        with pytest.raises(Unreadable, match="broken or cut short"):
            read_picture(data.replace(b"\xff\xdb\0\x43", b"\xff\xdb\xff\xff", 1))


def test_a_webp_that_is_too_large_is_refused_before_its_decoder_is_asked():
    sizes = {
        b"VP8X": bytes(4) + (15_999).to_bytes(3, "little") + (9_999).to_bytes(3, "little"),
        b"VP8L": b"\x2f" + (15_999 | 9_999 << 14).to_bytes(4, "little"),
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 16_000, 10_000),
    }
    for kind, body in sizes.items():
        data = b"RIFF" + struct.pack("<I", 40) + b"WEBP" + kind + struct.pack("<I", 28) + body.ljust(28, b"\0")
        with pytest.raises(Unreadable, match=r"It has 16,000 × 10,000\."):
            read_picture(data)


def test_a_damaged_png_is_not_shown():
    data = saved(picture())
    at = data.index(b"IDAT")
    for where in (at + 100, data.index(b"IHDR") + 6):
        with pytest.raises(Unreadable, match=r"^This PNG is damaged: .* checksum"):
            read_picture(data[:where] + bytes([data[where] ^ 64]) + data[where + 1 :])
    side = chunk(b"pHYs", bytes(9))
    read = read_picture(data[: at - 4] + side[:-1] + b"?" + data[at - 4 :])
    assert np.array_equal(read.pixels, picture())
    assert read.notes == ("pHYs of the PNG left out: the checksum is wrong",)
    assert np.array_equal(read_picture(data[:-12]).pixels, picture())  # its last chunk is empty


@pytest.mark.parametrize(
    ("bits", "clear", "other", "shown"),
    [(1, 0, 1, 255), (2, 1, 2, 170), (4, 5, 9, 153), (8, 77, 99, 99), (16, 0x1234, 0x4321, 67)],
)
def test_a_transparent_grey_is_white_whatever_its_bits(bits, clear, other, shown):
    row = int("".join(f"{value:0{bits}b}" for value in [clear] * 40 + [other] * 40), 2).to_bytes(10 * bits, "big")
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 70, bits, 0, 0, 0, 0)) + chunk(b"tRNS", struct.pack(">H", clear))
    body = chunk(b"IDAT", zlib.compress((b"\0" + row) * 70)) + chunk(b"IEND", b"")
    read = read_picture(unpacking.SIGNATURE + start + body).pixels
    assert read[:, [0, 79]].tolist() == [[[255] * 3, [shown] * 3]] * 70


def test_a_transparent_colour_of_sixteen_bits_is_white():
    clear, other = (0x1234, 0x5678, 0x9ABC), (0x1234, 0x5678, 0x0ABC)
    row = struct.pack(">240H", *(clear * 40 + other * 40))
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 70, 16, 2, 0, 0, 0)) + chunk(b"tRNS", struct.pack(">3H", *clear))
    body = chunk(b"IDAT", zlib.compress((b"\0" + row) * 70)) + chunk(b"IEND", b"")
    read = read_picture(unpacking.SIGNATURE + start + body).pixels
    assert read[0, [0, 79]].tolist() == [[255] * 3, [0x12, 0x56, 0x0A]]


def with_colours(colour: tuple[int, int, int], chunks: dict[bytes, bytes]) -> bytes:
    """A PNG of one colour that says in these chunks what its numbers mean."""
    data = saved(Image.new("RGB", (80, 70), colour))
    return data[:33] + b"".join(chunk(name, body) for name, body in chunks.items()) + data[33:]


def as_srgb(colour: tuple[int, int, int], power: float, matrix: list[list[float]]) -> list[float]:
    """A colour in the numbers of sRGB, by the power that makes it light (0: as in sRGB) and the matrix between them."""
    stored = np.array(colour) / 255
    srgb = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    light = (np.array(matrix) @ (stored**power if power else srgb)).clip(0, 1)
    return (255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).tolist()


SAME = np.eye(3).tolist()
P3 = [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]]  # to sRGB, as CSS gives it
ADOBE = [[1.3984, -0.3984, 0], [0, 1, 0], [0, -0.0429, 1.0429]]
CHROMATICITIES = {
    "srgb": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    "adobe": struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000),
}


def gamma(value: int) -> bytes:
    return struct.pack(">I", value)


@pytest.mark.parametrize(
    ("chunks", "power", "matrix"),
    [
        ({b"gAMA": gamma(100_000)}, 1, SAME),
        ({b"gAMA": gamma(55_556), b"cHRM": CHROMATICITIES["srgb"]}, 1.8, SAME),
        ({b"gAMA": gamma(45_455), b"cHRM": CHROMATICITIES["adobe"]}, 2.2, ADOBE),
        ({b"cHRM": CHROMATICITIES["adobe"]}, 0, ADOBE),
        ({b"cICP": bytes([12, 13, 0, 1]), b"gAMA": gamma(100_000)}, 0, P3),
        ({b"cICP": bytes([1, 8, 0, 1]), b"sRGB": b"\0"}, 1, SAME),
    ],
    ids=["light", "old Macintosh", "Adobe", "primaries", "Display P3", "cICP of light"],
)
def test_colours_that_a_png_writes_down_as_numbers_are_honoured(chunks, power, matrix):
    for colour in ((200, 120, 60), (128, 128, 128), (255, 255, 255)):
        read = read_picture(with_colours(colour, chunks))
        assert read.pixels[0, 0] == pytest.approx(as_srgb(colour, power, matrix), abs=1.01)
        assert read.notes == ()
    grey = saved(Image.new("L", (80, 70), 128))
    data = grey[:33] + b"".join(chunk(name, body) for name, body in chunks.items()) + grey[33:]
    assert read_picture(data).pixels[0, 0] == pytest.approx(as_srgb((128,) * 3, power, matrix), abs=1.01)


@pytest.mark.parametrize(
    "chunks",
    [
        {b"gAMA": gamma(45_455), b"cHRM": CHROMATICITIES["srgb"]},
        {b"gAMA": gamma(45_455)},
        {b"sRGB": b"\0", b"gAMA": gamma(100_000), b"cHRM": CHROMATICITIES["adobe"]},
        {b"cICP": bytes([1, 13, 0, 1]), b"gAMA": gamma(100_000)},
    ],
    ids=["numbers of sRGB", "its power", "sRGB", "cICP"],
)
def test_a_png_in_srgb_stays_as_it_is(chunks):
    read = read_picture(with_colours((200, 120, 60), chunks))
    assert read.pixels[0, 0].tolist() == [200, 120, 60]
    assert read.notes == ()


@pytest.mark.parametrize(
    ("chunks", "kind"),
    [
        ({b"cICP": bytes([9, 16, 0, 1])}, "are of cICP 9-16-0-1, which is not known here: they are"),
        ({b"cICP": bytes([1, 13, 0, 0])}, "are of cICP 1-13-0-0, which is not known here: they are"),
        ({b"gAMA": gamma(0)}, ""),
        ({b"gAMA": b"\0"}, ""),
        ({b"cHRM": bytes(32)}, ""),
        ({b"cHRM": struct.pack(">8I", *[30_000] * 8)}, ""),
        ({b"cHRM": b"\xff" * 32}, ""),
    ],
)
def test_what_a_png_says_of_its_colours_and_is_not_known_is_noted(chunks, kind):
    read = read_picture(with_colours((200, 120, 60), chunks))
    assert read.pixels[0, 0].tolist() == [200, 120, 60]
    usual = "its colour profile could not be read: the colours are as they are stored"
    assert read.notes == (f"its colours {kind} as they are stored" if kind else usual,)


def test_the_least_memory_is_enough_for_colours_in_numbers_in_a_process():
    data = with_colours((200, 120, 60), {b"gAMA": gamma(100_000), b"cHRM": CHROMATICITIES["adobe"]})
    said, found = reader.read_arrays(".png", data, memory=unpacking.KIND.memory)
    assert said["notes"] == []
    assert found["pixels"][0, 0] == pytest.approx(as_srgb((200, 120, 60), 1, ADOBE), abs=1.01)


def test_a_profile_goes_before_gamma_in_a_png():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(Image.new("RGB", (80, 70), (200, 120, 60)), icc_profile=profile)
    for chunks in (chunk(b"gAMA", gamma(100_000)), chunk(b"cICP", bytes([9, 16, 0, 1]))):
        read = read_picture(data[:33] + chunks + data[33:])
        assert read.pixels[0, 0] == pytest.approx([200, 120, 60], abs=1)
        assert read.notes == ()


def test_the_photographs_are_whole():
    for name in ("china", "flower"):
        assert np.array_equal(PHOTOGRAPHS[name](), load_sample_image(f"{name}.jpg"))
    assert list(PHOTOGRAPHS) == ["china", "flower"]


@pytest.mark.parametrize(("side", "n"), [(32, 260), (16, 1040), (8, 4240), (4, 16_960)])
def test_patches_are_square_row_by_row_from_the_middle(side, n):
    pixels = PHOTOGRAPHS["china"]()
    tokens = patches(pixels, side)
    rows, cols = tokens.grid
    assert tokens.n == rows * cols == n
    top, left = (427 - rows * side) // 2, (640 - cols * side) // 2
    for row, col in ((0, 0), (0, 1), (rows - 1, cols - 1), (rows // 2, 3)):
        patch = pixels[top + row * side :, left + col * side :][:side, :side]
        assert tokens.colour[row * cols + col] == pytest.approx(patch.mean((0, 1)) / 255, abs=1e-6)
    assert tokens.x.mean(0) == pytest.approx(np.zeros(5), abs=1e-4)
    assert tokens.x.std(0) == pytest.approx(np.ones(5), abs=1e-3)


def test_an_upload_reaches_its_most():
    tokens = patches(np.zeros((1024, 1024, 3), np.uint8), 4)
    assert tokens.n == 65_536
    assert np.abs(tokens.x[:, :3]).max() == 0  # one colour
    assert tokens.place.min() >= 0
    assert tokens.place.max() <= 1


@pytest.mark.parametrize(
    ("pixels", "side", "says"),
    [
        (np.zeros((64, 64, 3), np.uint8), 5, "side: expected one of 32, 16, 8, 4, got 5"),
        (np.zeros((64, 64), np.uint8), 4, "pixels: expected"),
        (np.zeros((64, 64, 3)), 4, "pixels: expected"),
        (np.zeros((40, 40, 3), np.uint8), 32, "pixels: expected at least four patches"),
    ],
)
def test_patches_name_what_was_wrong(pixels, side, says):
    with pytest.raises(ValueError, match=says):
        patches(pixels, side)


def test_a_digit_is_its_ink():
    data = load_digits()
    for index in (0, 17, 1796):
        tokens = digit(index)
        assert tokens.grid == (8, 8)
        assert [int(word) for word in tokens.words] == data.data[index].astype(int).tolist()
        assert np.rint((1 - tokens.colour[:, 0]) * 16).tolist() == data.data[index].tolist()
        assert {tokens.labels[label] for label in tokens.label} == {str(data.target[index])}
        assert tokens.x.shape == (64, 3)
    for index in (-1, 1797):
        with pytest.raises(ValueError, match="index: expected 0 to 1796, got "):
            digit(index)
    with pytest.raises(TypeError, match="index: expected an integer"):
        digit(1.5)
