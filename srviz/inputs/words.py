"""A sentence as tokens: its words or its characters, in any script, with untrained embeddings made from a seed."""

import unicodedata
from collections.abc import Hashable
from functools import lru_cache
from hashlib import sha256
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from srviz.inputs import files
from srviz.inputs.base import LEAST, Array, Input, Tokens, Unreadable, asked, fit, register, standardized_columns
from srviz.inputs.dictionary import dictionary
from srviz.inputs.reader import Show

UNITS = ("words", "characters")
MOST_CHARACTERS, MOST_TOKENS = 20_000, 2_000
DIM = 32  # of an embedding
SPACE, FEW = "␣", "This text has fewer than four tokens. A sentence of four words works."
DEFAULT = (
    "The moon pulls the sea, and the sea pulls the moon. When the tide is high the sea hides the sand; "
    "when the tide is low the sand shows what the sea has kept."
)
_BOUND = r"[\p{M}\u180E\U00013430-\U0001345F]"  # what shapes the letters before it
LONGEST_WORD = 30  # of a script without spaces, in characters
UNSPACED = ("Thai", "Lao", "Khmer", "Myanmar")  # scripts, by the names that Unicode has for them
_SIGNS = r"\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\U000110BD\U000110CD"  # around numbers: of format, and seen
_UNSEEN = r"[\p{Cc}\p{Bidi_Control}\uFEFF\p{NChar}[\p{Cn}&&\p{DI}]--\s]"  # not what a font may have: private use, say
_SEEN = rf"[^\p{{Cf}}\p{{M}}\s]|[{_SIGNS}]"  # of a token something must be
TOKENS = 38  # of DEFAULT, in words


@register(
    title="A sentence",
    line="The words of a sentence, in which some occur twice; a token is a word and its position, as a random vector.",
    most=TOKENS,
)
def make_sentence(n: int, *, random_state: int) -> Tokens:
    """The first n words of a sentence of ours; x (n, 32)."""
    return sentence(DEFAULT, n=n, random_state=random_state)


def text_input(text: str, unit: str = "words") -> Input:
    """A visitor's text as an input of any page: its first n tokens. Raises Unreadable where it has fewer than four."""
    most = len(_enough(text, unit))

    def make_sentence(n: int, *, random_state: int) -> Tokens:
        """The first n tokens of a text; x (n, 32)."""
        n, random_state = asked(n, random_state, LEAST, most)
        return sentence(text, unit, n=n, random_state=random_state)

    line = f"The {unit} of your text; a token is one of them and its position, as a random vector."
    return Input("sentence", "Your sentence", line, make_sentence, LEAST, most)


def split(text: str, unit: str = "words") -> tuple[str, ...]:
    """The words of a text, punctuation marks among them and no spaces, or its characters, a space shown as ␣.

    Words are cut as Unicode does, ideographs one by one, and those of `UNSPACED` at the zero-width spaces of the text
    or by ICU where the system has it; a character is what a reader takes for one. What cannot be seen is left out. At
    most the first 2,000, and of the first 20,000 characters of the text: `cut` says so. Raises ValueError for another
    unit.
    """
    return _pieces(text[:MOST_CHARACTERS], unit)[:MOST_TOKENS]


def cut(text: str, unit: str = "words") -> str:
    """A sentence that says how much of a long text `split` takes, or "" where it takes all."""
    found = len(_pieces(text[:MOST_CHARACTERS], unit))
    if found > MOST_TOKENS:
        return f"The text is cut: the first {MOST_TOKENS:,} {unit} are taken."
    if len(text) > MOST_CHARACTERS:
        return f"The text is cut: its first {MOST_CHARACTERS:,} characters are taken."
    return ""


def sentence(
    text: str,
    unit: str = "words",
    *,
    n: int | None = None,
    random_state: int = 0,
    embeddings: NDArray[np.float32] | None = None,
) -> Tokens:
    """The first n tokens of a text, all where None: words set, place where each stands when it is read in lines.

    x (n, 32) is an embedding of the token plus sines and cosines of its position, standardized. A token has the same
    embedding wherever it stands and in whatever text: random_state and its letters decide it, nobody trained it.
    embeddings (tokens of the whole text, D) take the place of both. Raises Unreadable for fewer than four tokens,
    ValueError for n out of range and embeddings of another length.
    """
    tokens = _enough(text, unit)
    n, random_state = asked(len(tokens) if n is None else n, random_state, LEAST, len(tokens))
    words = tokens[:n]
    if embeddings is None:
        x = np.stack([_embedding(word, random_state) for word in words]) + _positions(n)
    elif embeddings.ndim != 2 or len(embeddings) != len(tokens):
        raise ValueError(f"embeddings: expected ({len(tokens)}, D), got {embeddings.shape}")
    else:
        x = embeddings[:n]
    return Tokens(standardized_columns(x), place=_lines(words, unit), words=words)


def read_embeddings(
    data: bytes, n: int, *, memory: int | None = None, show: Show = lambda text: None, owner: Hashable | None = None
) -> Array:
    """A visitor's array of embeddings for a text of n tokens, (n, D), each column standardized.

    memory, show, owner: as in `files.read`.

    Raises Unreadable where it is no NPY of real numbers of two axes, or does not have a row for each token.
    """
    return fitting(files.read("embeddings.npy", data, memory=memory, show=show, owner=owner), n)


def fitting(upload: files.Upload, n: int) -> Array:
    """The rows of a visitor's array that was read, (n, D). Raises Unreadable where they are not one for each token."""
    if upload.n != n:
        raise Unreadable(f"This array has {upload.n:,} usable rows, the text {n:,} tokens. One row a token works.")
    return upload.values


def between(text: str, unit: str = "words") -> tuple[str, ...]:
    """What stands before each token of `split`, letter for letter: spaces and line ends, of characters nothing.

    Tokens, each behind what stands before it, give the text back, without what cannot be seen.
    """
    return _cut(text[:MOST_CHARACTERS], unit)[1][:MOST_TOKENS]


def unspaced(text: str) -> str:
    """How words are found in scripts that are written without spaces between them, or "" where there are none."""
    import regex

    text = text[:MOST_CHARACTERS]
    found = [name for name in UNSPACED if regex.search(rf"\p{{{name}}}", text)]
    marked = [name for name in found if _marked(text, name)]
    others = [name for name in found if name not in marked]
    how = "found by the dictionaries of ICU" if dictionary() else "not known here: each character is a token"
    said = ((marked, "cut at the zero-width spaces of the text"), (others, how))
    return " ".join(_without_spaces(names, how) for names, how in said if names)


def _without_spaces(names: list[str], how: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is written without spaces, and its words are {how}."
    return f"{', '.join(names[:-1])} and {names[-1]} are written without spaces, and their words are {how}."


def _enough(text: str, unit: str) -> tuple[str, ...]:
    tokens = split(text, unit)
    if len(tokens) < LEAST:
        raise Unreadable(FEW)
    return tokens


def _pieces(text: str, unit: str) -> tuple[str, ...]:
    return _cut(text, unit)[0]


@lru_cache(maxsize=8)
def _cut(text: str, unit: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens of a text, and what stands before each."""
    import regex

    if unit not in UNITS:
        raise ValueError(f"unit: expected one of {', '.join(UNITS)}, got {unit!r}")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # of two surrogates one character
    plain = regex.sub(_UNSEEN, "", whole, flags=regex.VERSION1)
    plain = unicodedata.normalize("NFC", plain).strip()
    pieces = _words(plain) if unit == "words" else regex.findall(r"\X", plain)
    tokens: list[str] = []
    before: list[str] = []
    space = ""
    for piece in pieces:
        if piece[:1].isspace() and unit == "characters":  # a mark may follow that has no letter
            tokens.append(SPACE)
            before.append("")
            piece = piece.lstrip()
            if not piece:
                continue
        inside = piece.strip()
        if not regex.search(_SEEN, inside):
            bound = bool(tokens) and tokens[-1] != SPACE and not space and not piece[:1].isspace()
            if bound and regex.search(_BOUND, inside):
                tokens[-1] += inside  # a vowel, say, that Unicode does not count to the letter before it
                space = piece[len(inside) :]
                continue
            if not regex.search(r"\p{M}", inside):
                space += "".join(letter for letter in piece if letter.isspace())
                continue
        start = piece.index(inside)
        tokens.append(inside)
        before.append(space + piece[:start])
        space = piece[start + len(inside) :]
    return tuple(tokens), tuple(before)


def _words(text: str) -> list[str]:
    """A text cut where a word or what stands between words ends."""
    import regex

    pieces: list[str] = regex.split(r"\b", text, flags=regex.VERSION1 | regex.WORD)
    marked = "".join(rf"\p{{{name}}}" for name in UNSPACED if _marked(text, name))
    cut = dictionary()
    if not marked and not cut:
        return pieces
    found: list[str] = []
    run = regex.compile(rf"{_letters(*UNSPACED)}+", regex.VERSION1)
    for unspaced, group in groupby(pieces, lambda piece: bool(run.fullmatch(piece))):
        if not unspaced:
            found += group
            continue
        letters = list(group)
        whole = "".join(letters)
        if marked and regex.search(f"[{marked}]", whole):
            found.append(whole)
        else:
            found += cut(whole) if cut else letters
    return found


def _letters(*names: str) -> str:
    """A letter of these scripts, or what shapes one, as an expression of version 1."""
    scripts = "".join(rf"\p{{{name}}}" for name in names)
    return rf"[[{scripts}\u200C\u200D]&&[\p{{L}}\p{{M}}\p{{Cf}}]]"


def _marked(text: str, name: str) -> bool:
    """Whether zero-width spaces stand between the words of a script: between letters, and never far apart."""
    import regex

    letter = _letters(name)
    return bool(regex.search(rf"{letter}\u200B{letter}", text, flags=regex.VERSION1)) and not regex.search(
        rf"{letter}{{{LONGEST_WORD + 1}}}", text, flags=regex.VERSION1
    )


@lru_cache(maxsize=4096)
def _embedding(token: str, seed: int) -> Array:
    """Normal noise (32,) that the token and the seed decide; read-only."""
    digest = sha256(f"{seed} {token}".encode("utf-8", "surrogatepass")).digest()
    drawn: Array = np.random.default_rng(int.from_bytes(digest[:16], "big")).standard_normal(DIM, dtype=np.float32)
    drawn.flags.writeable = False
    return drawn


def _positions(n: int) -> Array:
    """Sines and cosines of the position at wavelengths from 6 to 6,000 tokens, (n, 32)."""
    angle = np.arange(n)[:, None] * np.geomspace(1, 1e-3, DIM // 2)
    return np.hstack([np.sin(angle), np.cos(angle)]).astype(np.float32)


def _lines(words: tuple[str, ...], unit: str) -> Array:
    """The middle of each token (n, 2) where it stands in lines about three times as long as the page is high."""
    wide = np.array([_width(word) for word in words]) + (1.0 if unit == "words" else 0.0)
    longest = max(np.sqrt(6 * wide.sum()), wide.max(), 32)
    across, line, places = 0.0, 0, []
    for width in wide:
        if across + width > longest and across:
            across, line = 0.0, line + 1
        places.append((across + width / 2, -2.0 * line))
        across += width
    points = np.array(places)
    if _rightwards(words):
        return fit(points)
    return fit(points * np.array([-1, 1]))


def _width(word: str) -> float:
    """How many narrow letters wide a token is, about."""
    seen = [c for c in word if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"]
    return float(max(sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in seen), 1))


def _rightwards(words: tuple[str, ...]) -> bool:
    """Whether a text is read from left to right: as the first of its letters that has a direction."""
    for word in words:
        for letter in word:
            direction = unicodedata.bidirectional(letter)
            if direction in ("L", "R", "AL"):
                return direction == "L"
    return True
