"""The colours of a PNG as an ICC profile, also where it writes them down as numbers: cICP, or gAMA and cHRM."""

import struct

import numpy as np

from .base import Numbers

CHUNKS = {b"cICP", b"sRGB", b"gAMA", b"cHRM"}  # beside iCCP, which holds a profile
UNREADABLE = "its colour profile could not be read: the colours are as they are stored"
D65 = (0.3127, 0.3290)
PRIMARIES = {  # by their number in cICP: x and y of white, red, green and blue
    1: (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),  # those of sRGB
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
CURVES = {  # the light of what is stored, by its number in cICP: a power, or that of sRGB as ICC writes it
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
}
USUAL = 45455  # the gAMA of sRGB
D50 = np.array([0.9642, 1, 0.8249])  # the white of every ICC profile
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
BACK = np.array(  # its inverse
    [[0.9869929, -0.1470543, 0.1599627], [0.4323053, 0.5183603, 0.0492912], [-0.0085287, 0.0400428, 0.9684867]]
)


def of_png(said: dict[bytes, bytes], given: bytes | None, notes: list[str]) -> bytes | None:
    """The profile of a PNG by the first chunk that says it, in the order of the format; None where it is that of sRGB.

    said: what stands in those of CHUNKS that it has. given: the profile in its iCCP.
    """
    try:
        if b"cICP" in said:
            primaries, curve, matrix, full = said[b"cICP"]
            if primaries in PRIMARIES and curve in CURVES and (matrix, full) == (0, 1):
                return None if (primaries, curve) == (1, 13) else _made(PRIMARIES[primaries], CURVES[curve])
            if not given:
                kind = "-".join(map(str, said[b"cICP"]))
                notes.append(f"its colours are of cICP {kind}, which is not known here: they are as they are stored")
            return given
        if given or b"sRGB" in said:
            return given
        return _by_gamma(said)
    except (ValueError, struct.error, ZeroDivisionError):
        notes.append(UNREADABLE)
        return None


def _by_gamma(said: dict[bytes, bytes]) -> bytes | None:
    """The profile by gAMA and cHRM; where one of them is missing or is nearly that of sRGB, that of sRGB is taken."""
    primaries, curve = PRIMARIES[1], CURVES[13]
    if b"cHRM" in said:
        found = tuple(value / 100_000 for value in struct.unpack(">8I", said[b"cHRM"]))
        primaries = primaries if np.allclose(found, primaries, rtol=0, atol=0.002) else found
    if b"gAMA" in said:
        (gamma,) = struct.unpack(">I", said[b"gAMA"])
        if primaries != PRIMARIES[1] or abs(gamma - USUAL) > USUAL / 100:
            curve = (100_000 / gamma,)
    return None if (primaries, curve) == (PRIMARIES[1], CURVES[13]) else _made(primaries, curve)


def _made(primaries: tuple[float, ...], curve: tuple[float, ...]) -> bytes:
    """An ICC profile of version 4. primaries, curve: as in PRIMARIES and CURVES. Raises ValueError where there is none.

    Its matrix has the three primaries for columns, which add up to white, turned to the white of ICC. Products are
    written out: the library behind those of numpy takes more memory than pictures are read in.
    """
    if min(primaries[1::2]) <= 0 or not 0.1 <= curve[0] <= 10:
        raise ValueError("no colours")
    white, red, green, blue = (
        np.array([x / y, 1, (1 - x - y) / y]) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    )
    volume = (red * np.cross(green, blue)).sum()
    if abs(volume) < 1e-6:
        raise ValueError("no colours")
    shares = [(white * np.cross(*two)).sum() / volume for two in ((green, blue), (blue, red), (red, green))]
    turned = _times(BRADFORD, D50) / _times(BRADFORD, white)
    columns = [
        _times(BACK, turned * _times(BRADFORD, one * share))
        for one, share in zip((red, green, blue), shares, strict=True)
    ]
    if not (np.abs(columns) < 10).all():
        raise ValueError("no colours")
    bends = b"para" + bytes(4) + struct.pack(">HH", 3 if len(curve) > 1 else 0, 0) + _fixed(np.array(curve))
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (b"XYZ " + bytes(4) + _fixed(one) for one in columns), strict=True))
    tags |= {b"wtpt": b"XYZ " + bytes(4) + _fixed(D50)} | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), bends)
    index, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, held in tags.items():
        index += name + struct.pack(">II", at + len(body), len(held))
        body += held
    head = bytes(4) + b"\x04\x30\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28) + _fixed(D50)
    return struct.pack(">I", at + len(body)) + head.ljust(128, b"\0")[: 128 - 4] + index + body


def _times(matrix: Numbers, vector: Numbers) -> Numbers:
    return (matrix * vector).sum(1)  # type: ignore[no-any-return]


def _fixed(values: Numbers) -> bytes:
    """Numbers as ICC writes them, in units of 1/65536."""
    return np.rint(values * 65536).astype(">i4").tobytes()
