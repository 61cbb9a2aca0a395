"""PNG, JPEG and WebP as pixels: turned as their EXIF says, in the colours of sRGB, on white, and small."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np

from .base import Found, Kind, Refused

MOST_PIXELS = 50_000_000  # before it is scaled down
UNPACKED_BYTES = 160_000_000  # bytes of it in memory, before it is scaled down
SCANNED = 1_000_000_000  # scans of a JPEG × its pixels: each scan is a walk over all of them
SCANS = 100  # of a JPEG that need not be counted against its pixels
STRIP = 256  # rows of a picture whose numbers are worked on at a time
LARGEST, SMALLEST = 1024, 64  # its longer and its shorter side, in pixels
ORIENTATION = 0x0112  # where EXIF says which way up
PROFILE_BYTES = 8_000_000  # of a colour profile
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}  # chunks of a PNG that are no part of its pixels
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEIC = (
    "This is a HEIC photograph, as iPhones take them, which is not read here. Save it as JPEG: on an iPhone by "
    "Settings, Camera, Formats, Most Compatible; on a Mac by Preview, File, Export."
)
OTHERS = {b"avif": "AVIF", b"avis": "AVIF"}
NONE = "This is not a picture in PNG, JPEG or WebP. Save it as one of these."


def read(ending: str, data: bytes) -> Found:
    """The pixels (h, w, 3) of a picture, whatever its ending says, and what was done to it."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if data[4:8] == b"ftyp" and data[8:12] not in OTHERS:
        raise Refused(HEIC if data[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1") else NONE)
    Image.MAX_IMAGE_PIXELS = None  # the bound is below, for all kinds
    notes: list[str] = []
    try:
        pixels_alone, profile = _pixels_alone(data)
        with Image.open(BytesIO(pixels_alone), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
            _bounded(image, data)
            turn, profile = _turn(image), profile or image.info.get("icc_profile")
            small = _small(image)
            small.getexif().clear()
            small.getexif()[ORIENTATION] = turn
            small.info.pop("exif", None)
            pixels = ImageOps.exif_transpose(_in_srgb(small, profile, notes)).convert("RGB")
            if getattr(image, "n_frames", 1) > 1:
                notes.append("of several pictures in it the first")
    except UnidentifiedImageError:
        raise Refused(NONE) from None
    if turn in (5, 6, 7, 8):  # a quarter turn
        width, height = height, width
    across, down = pixels.size
    if min(down, across) < SMALLEST:
        scaled = "Scaled to fit, it" if max(width, height) > LARGEST else "It"
        raise Refused(f"This picture is too small. {scaled} has {across} × {down} pixels; at least 64 a side work.")
    if max(width, height) > LARGEST:
        notes.insert(0, f"scaled down from {width:,} × {height:,} to {across:,} × {down:,} pixels")
    return {"notes": notes}, {"pixels": np.array(pixels)}


def _bounded(image: Any, data: bytes) -> None:
    """Refuse what would take too much memory or time to be unpacked."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Refused(
            f"This picture is too large to be unpacked: at most {MOST_PIXELS // 10**6} million pixels can be. "
            f"It has {width:,} × {height:,}. A smaller copy works."
        )
    scans = data.count(b"\xff\xda") if image.format == "JPEG" else 1
    if scans > SCANS and scans * width * height > SCANNED:
        raise Refused(
            f"This JPEG of {width:,} × {height:,} pixels is written in {scans:,} layers, each as large as the picture, "
            "which take too long to be unpacked. Save it again."
        )
    image.draft(None, (2 * LARGEST, 2 * LARGEST))  # a JPEG is unpacked no larger than that
    if (most := _unpacked(image, width * height)) > UNPACKED_BYTES:
        raise Refused(
            f"This picture of {width:,} × {height:,} pixels takes {most // 10**6} MB when it is unpacked; at "
            f"most {UNPACKED_BYTES // 10**6} MB can be had. A smaller copy works."
        )


def _unpacked(image: Any, pixels: int) -> int:
    """Bytes that a Pillow image takes when it is unpacked, `pixels` of them in the file, at most 4 a pixel."""
    if image.format == "WEBP":
        return 8 * pixels  # the decoder holds it once more
    coefficients = 6 * pixels if image.info.get("progressive") else 0  # all of them, until its last scan
    return coefficients + 4 * int(image.size[0]) * int(image.size[1])


def _pixels_alone(data: bytes) -> tuple[bytes, bytes | None]:
    """A PNG without its texts and its colour profile, which the reader refuses where they are large; and the profile.

    Any other file is as it is, and None.
    """
    if not data.startswith(SIGNATURE):
        return data, None
    kept, at, profile = [SIGNATURE], len(SIGNATURE), None
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + size
        if kind == b"iCCP":
            packed = data[at + 8 : end - 4].partition(b"\0")[2][1:]
            try:
                profile = zlib.decompressobj().decompress(packed, PROFILE_BYTES + 1)
            except zlib.error:
                profile = packed
        elif kind not in TEXTS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept), profile


def _turn(image: Any) -> int:
    """Which way up the picture is, by its EXIF; 1, upright, where that cannot be read."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except Exception:  # what a reader raises on odd EXIF is not one kind of error, and the pixels are whole
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _in_srgb(image: Any, profile: bytes | None, notes: list[str]) -> Any:
    """The picture in the colours of sRGB, by the colour profile in its file, where there is one that can be read."""
    from PIL import ImageCms

    if not profile:
        return image
    try:
        if len(profile) > PROFILE_BYTES:
            raise ValueError("too long")
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        letters = {"RGB": "RGB", "GRAY": "L"}.get(given.profile.xcolor_space.strip(), image.mode)
        return ImageCms.profileToProfile(
            image.convert(letters), given, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append("its colour profile could not be read: the colours are as they are stored")
        return image


def _small(image: Any) -> Any:
    """A Pillow image of any mode as RGB, grey, CMYK or on white, scaled down where it is large."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip
        image = _eight_bits(image)
    elif image.has_transparency_data and image.mode != "RGBA":
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        image = image.convert("RGB")
    image.thumbnail((LARGEST, LARGEST), reducing_gap=2.0)
    return (
        Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        if image.mode == "RGBA"
        else image
    )


def _eight_bits(image: Any) -> Any:
    """Sixteen bits of grey as eight, strip by strip."""
    from PIL import Image

    wide, high = image.size
    grey = np.empty((high, wide), np.uint8)
    for top in range(0, high, STRIP):
        strip = np.asarray(image.crop((0, top, wide, min(top + STRIP, high))), dtype=np.float32) / 257
        grey[top : top + STRIP] = strip.clip(0, 255).round()
    return Image.fromarray(grey)


KIND = Kind(20, (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".webp", ".heic", ".heif"), read, picture=True)
