"""PNG, JPEG, WebP and HEIC as pixels: turned as their EXIF says, in the colours of sRGB, on white, and small."""

import contextlib
import math
import re
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np

from . import heif
from .base import Found, Kind, Unusable, count, listed
from .profile import CHUNKS, UNREADABLE, of_png

MOST_PIXELS = 50_000_000  # before it is scaled down
UNPACKED_BYTES = 160_000_000  # bytes of it in memory, before it is scaled down
SCANNED = 1_000_000_000  # scans of a JPEG × its pixels: each scan is a walk over all of them
SCANS = 100  # of a JPEG that need not be counted against its pixels
STRIP = 256  # rows of a picture whose numbers are worked on at a time
LARGEST, SMALLEST = 1024, 64  # its longer and its shorter side, in pixels
ORIENTATION = 0x0112  # where EXIF says which way up
PROFILE_BYTES = 8_000_000  # of a colour profile
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}  # chunks of a PNG that are no part of its pixels
PIXELS = {b"IHDR", b"PLTE", b"IDAT"}  # those that are
SIGNATURE, END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"  # the first and the last bytes of a PNG
MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")  # of a JPEG: what begins a segment, and not one inside a scan
CUT = "This picture is cut short: its end is missing. Save it again, as PNG, JPEG or WebP."
DAMAGED = (
    "This PNG is damaged: its pixels or their colours do not have the checksum that is written beside them. "
    "Another copy of it may work."
)
NONE = "This is not a picture in PNG, JPEG or WebP. Save it as one of these."


def read(ending: str, data: bytes) -> Found:
    """The pixels (h, w, 3) of a picture, whatever its ending says, and what was done to it."""
    from PIL import Image, ImageOps

    telephone = heif.known(data)
    Image.MAX_IMAGE_PIXELS = None  # the bound is below, for all kinds
    notes: list[str] = []
    room, takes = _room(), _bounded_webp(data)
    try:
        if telephone:
            return _heic(data, room, notes)
        pixels_alone, profile = _pixels_alone(data, notes)
        with Image.open(BytesIO(pixels_alone), formats=("PNG", "JPEG", "WEBP")) as image:
            width, height = image.size
            takes = _bounded(image, data)
            turn, profile = _turn(image), profile or image.info.get("icc_profile")
            small = _small(image, data)
            small.getexif().clear()
            small.getexif()[ORIENTATION] = turn
            small.info.pop("exif", None)
            pixels = ImageOps.exif_transpose(_in_srgb(small, profile, notes)).convert("RGB")
            end = _end(data)
            if getattr(image, "n_frames", 1) > 1:
                notes.append("of several pictures in it the first")
            elif end and data[end:].strip(b"\0\r\n "):
                notes.append(f"{count(len(data) - end, 'byte')} behind the picture left out")
    except Unusable:
        raise
    except Exception as error:  # what decoders raise is not one kind of error, and says little
        if not telephone and not _begins(data):
            raise Unusable(NONE) from None
        damaged = data[:2] == b"\xff\xd8" and b"\xff\xd9" in data[-1024:]  # its end is there, and it is not found
        if not _end(data) and not damaged:
            raise Unusable(CUT) from None
        if 2 * takes > room:
            raise MemoryError from error
        raise
    if turn in (5, 6, 7, 8):  # a quarter turn
        width, height = height, width
    return _answer(pixels, width, height, notes)


def _heic(data: bytes, room: float, notes: list[str]) -> Found:
    """The answer for a HEIC, which its library turns by itself. room: bytes that may still be taken."""
    file = heif.opened(data)
    width, height = file.size
    _few(width, height)
    if _held(width, height, heif.takes(file)) > room:
        raise MemoryError
    small, profile = heif.unpacked(file, 2 * LARGEST, notes)
    return _answer(_in_srgb(_small(small, data), profile, notes).convert("RGB"), width, height, notes)


def _answer(image: Any, width: int, height: int, notes: list[str]) -> Found:
    """The pixels of a picture that had so many, upright."""
    across, down = image.size
    if min(down, across) < SMALLEST:
        scaled = "Scaled to fit, it" if max(width, height) > LARGEST else "It"
        raise Unusable(f"This picture is too small. {scaled} has {across} × {down} pixels; at least 64 a side work.")
    if max(width, height) > LARGEST:
        notes.insert(0, f"scaled down from {width:,} × {height:,} to {across:,} × {down:,} pixels")
    return {"notes": notes}, {"pixels": np.array(image)}


def _begins(data: bytes) -> bool:
    """Whether a file begins as a PNG, a JPEG or a WebP does."""
    webp = data[:4] == b"RIFF" and b"WEBP".startswith(data[8:12])
    return SIGNATURE.startswith(data[:8]) or data[:2] == b"\xff\xd8" or webp


def _end(data: bytes) -> int:
    """Where the picture in a file ends, behind which something else may stand; 0 where its end is missing."""
    if data[:2] == b"\xff\xd8":
        return _scans(data)[1]
    if data[4:8] == b"ftyp":
        return heif.end(data)
    if data[:4] == b"RIFF":
        end = 8 + int.from_bytes(data[4:8], "little")
        return end if end <= len(data) else 0
    end = data.rfind(END)
    return end + len(END) if end >= 0 else 0


def _scans(data: bytes) -> tuple[int, int]:
    """How many scans a JPEG has, and where it ends; 0 where its end is missing."""
    at, scans = 2, 0
    while found := MARKER.search(data, at):
        at = found.end()
        if found[0] == b"\xff\xd9":
            return scans, at
        scans += found[0] == b"\xff\xda"
        at += int.from_bytes(data[at : at + 2], "big")
    return scans, 0


def _room() -> float:
    """Bytes that this process may still take, where a limit is set."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_DATA)[0]
        if most != resource.RLIM_INFINITY:
            with open("/proc/self/status") as file:
                taken = next(int(line.split()[1]) for line in file if line.startswith("VmData"))
            return most - 1024 * taken
    return math.inf


def _bounded(image: Any, data: bytes) -> int:
    """Refuse what would take too much memory or time to be unpacked; return the bytes that it takes."""
    width, height = image.size
    _few(width, height)
    scans = _scans(data)[0] if data[:2] == b"\xff\xd8" else 1
    if scans > SCANS and scans * width * height > SCANNED:
        raise Unusable(
            f"This JPEG of {width:,} × {height:,} pixels is written in {scans:,} layers, each as large as the picture, "
            "which take too long to be unpacked. Save it again."
        )
    image.draft(None, (2 * LARGEST, 2 * LARGEST))  # a JPEG is unpacked no larger than that
    return _held(width, height, _unpacked(image, width * height))


def _held(width: int, height: int, most: int) -> int:
    """Refuse a picture that takes so many bytes when it is unpacked, if that is too much; return them."""
    if most > UNPACKED_BYTES:
        raise Unusable(
            f"This picture of {width:,} × {height:,} pixels takes {most // 10**6} MB when it is unpacked; at "
            f"most {UNPACKED_BYTES // 10**6} MB can be had. A smaller copy works."
        )
    return most


def _few(width: int, height: int) -> None:
    """Refuse more pixels than can be unpacked."""
    if width * height > MOST_PIXELS:
        raise Unusable(
            f"This picture is too large to be unpacked: at most {MOST_PIXELS // 10**6} million pixels can be. "
            f"It has {width:,} × {height:,}. A smaller copy works."
        )


def _bounded_webp(data: bytes) -> int:
    """The bytes that a WebP takes, by its first bytes, as its decoder takes them before it says anything; else 0."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return 0
    if data[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    _few(width, height)
    return 8 * width * height


def _unpacked(image: Any, pixels: int) -> int:
    """Bytes that a Pillow image takes when it is unpacked, `pixels` of them in the file, at most 4 a pixel."""
    if image.format == "WEBP":
        return 8 * pixels  # the decoder holds it once more
    coefficients = 6 * pixels if image.info.get("progressive") else 0  # all of them, until its last scan
    return coefficients + 4 * int(image.size[0]) * int(image.size[1])


def _pixels_alone(data: bytes, notes: list[str]) -> tuple[bytes, bytes | None]:
    """A PNG without its texts and what it says of its colours, which the reader refuses where it is large or odd.

    And the profile of its colours. Any other file is as it is, and None. Every checksum is compared: what it does not
    fit is left out, and pixels are refused.
    """
    if not data.startswith(SIGNATURE):
        return data, None
    kept, at, profile = [SIGNATURE], len(SIGNATURE), None
    said: dict[bytes, bytes] = {}
    kind, wrong = b"", []
    while at + 8 <= len(data) and kind != b"IEND":
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body, end = data[at + 4 : at + 8 + size], at + 12 + size
        right = zlib.crc32(body) == int.from_bytes(data[end - 4 : end], "big") and end <= len(data)
        if not right and kind in PIXELS:
            raise Unusable(DAMAGED if END in data else CUT)
        if not right and kind not in TEXTS and kind != b"IEND":
            wrong.append(kind.decode("latin-1"))
        elif kind == b"iCCP":
            packed = data[at + 8 : end - 4].partition(b"\0")[2][1:]
            try:
                profile = zlib.decompressobj().decompress(packed, PROFILE_BYTES + 1)
            except zlib.error:
                profile = packed
        elif right and kind in CHUNKS:
            said[kind] = data[at + 8 : end - 4]
        elif right and kind not in TEXTS:
            kept.append(data[at:end])
        at = end
    if wrong:
        notes.append(f"{listed(wrong)} of the PNG left out: the checksum is wrong")
    return b"".join(kept), of_png(said, profile, notes)


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
        notes.append(UNREADABLE)
        return image


def _small(image: Any, data: bytes) -> Any:
    """A Pillow image of any mode as RGB, grey, CMYK or on white, scaled down where it is large."""
    from PIL import Image

    if data.startswith(SIGNATURE) and "transparency" in image.info:
        _as_unpacked(image, data[24])
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


def _as_unpacked(image: Any, bits: int) -> None:
    """The transparent colour of a PNG in as many bits as Pillow's pixels have; a palette counts otherwise."""
    given = image.info["transparency"]
    if image.mode == "L" and bits < 8:
        image.info["transparency"] = given * 255 // (2**bits - 1)
    elif image.mode == "RGB" and bits == 16:
        image.info["transparency"] = tuple(value >> 8 for value in given)


def _eight_bits(image: Any) -> Any:
    """Sixteen bits of grey as eight, strip by strip; a transparent one as white."""
    from PIL import Image

    clear = image.info.get("transparency", -1)
    wide, high = image.size
    grey = np.empty((high, wide), np.uint8)
    for top in range(0, high, STRIP):
        strip = np.asarray(image.crop((0, top, wide, min(top + STRIP, high))), dtype=np.float32)
        grey[top : top + STRIP] = np.where(strip == clear, 255, (strip / 257).clip(0, 255).round())
    return Image.fromarray(grey)


KIND = Kind(20, (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".webp", ".heic", ".heif"), read, picture=True)
