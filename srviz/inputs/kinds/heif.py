"""HEIC, the photographs of telephones: unpacked by libheif, which also turns them; AVIF and films are refused."""

from typing import Any

from .base import Unusable
from .profile import of_png

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
FILMS = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis")
AVIF = "This is an AVIF picture, which is not read here. Save it as PNG, JPEG or WebP."
FILM = "This is a sequence of pictures, which is not read here. Save one of them as PNG, JPEG or WebP."
ALONE = (
    "This is a HEIC photograph, as iPhones take them, and the library that reads these, pi-heif, is not installed. "
    "Save it as JPEG: on an iPhone by Settings, Camera, Formats, Most Compatible; on a Mac by Preview, File, Export."
)
UNKNOWN, SRGB = 2, (1, 13)  # in the numbers of its colours: nothing is said; and those of sRGB
TELEVISION = (1, 6, 14, 15)  # curves that are shown as that of sRGB


def known(data: bytes) -> bool:
    """Whether a file says by its brands that it is HEIC, whatever else it is. Refuses AVIF and films."""
    if data[4:8] != b"ftyp":
        return False
    first = data[8:12]
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = [first, *(data[at : at + 4] for at in range(16, size, 4))]
    if first in FILMS or (b"avis" in brands and first not in BRANDS):
        raise Unusable(FILM)
    if b"avif" in brands:
        raise Unusable(AVIF)
    return any(brand in BRANDS for brand in brands)


def end(data: bytes) -> int:
    """Where the last box of a file ends; 0 where it would end behind the file."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:  # up to the end of the file
            return len(data)
        if size < 8 or at + size > len(data):
            return 0
        at += size
    return at


def opened(data: bytes) -> Any:
    """The file as pi-heif opens it: nothing is unpacked, and nothing but its pictures is looked for."""
    try:
        import pi_heif
    except ModuleNotFoundError:
        raise Unusable(ALONE) from None
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    return pi_heif.open_heif(data)


def takes(file: Any) -> int:
    """Bytes that its picture takes when it is unpacked: as it is stored, and as red, green and blue."""
    width, height = file.size
    return int(width * height) * (12 if file.info["bit_depth"] > 8 else 5)


def unpacked(file: Any, side: int, notes: list[str]) -> tuple[Any, bytes | None]:
    """Its picture, made smaller by a whole number where both sides stay above `side`, and the profile of its colours.

    Strip by strip, as Pillow takes four bytes for each pixel.
    """
    from PIL import Image

    picture = file[file.primary_index]
    stored, (width, height) = picture.data, picture.size  # which may be others than were announced
    by = max(1, min(width, height) // side)
    wide, high = -(-width // by), -(-height // by)
    small = Image.new(picture.mode, (wide, high))
    for top in range(0, high, 256):
        rows = min(256 * by, height - top * by)
        strip = stored[top * by * picture.stride : (top * by + rows) * picture.stride]
        piece = Image.frombuffer(picture.mode, (width, rows), strip, "raw", picture.mode, picture.stride, 1)
        small.paste(piece.reduce(by), (0, top))
    small = small.convert("RGBA") if picture.mode == "RGBa" else small
    if len(file) > 1:
        first = "the first" if file.primary_index == 0 else "the one that it opens with"
        notes.append(f"of several pictures in it {first}")
    return small, picture.info.get("icc_profile") or _by_numbers(picture.info.get("nclx_profile"), notes)


def _by_numbers(said: dict[str, Any] | None, notes: list[str]) -> bytes | None:
    """The profile of colours that are written down as numbers, with the meaning that they have in cICP."""
    if not said:
        return None
    primaries, curve = int(said["color_primaries"]), int(said["transfer_characteristics"])
    primaries = SRGB[0] if primaries == UNKNOWN else primaries
    curve = SRGB[1] if curve in (UNKNOWN, *TELEVISION) else curve
    return of_png({b"cICP": bytes([primaries, curve, 0, 1])}, None, notes)
