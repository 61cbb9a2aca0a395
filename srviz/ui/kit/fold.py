"""Lines of a program that are too long, cut: behind a comma or an opening bracket, or within a text."""

import ast
import tokenize
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

LONGEST, WIDTH = 120, 110  # characters of a line that stays as it is, and of the parts of one that is cut
STEP = "    "


def folded(lines: list[str]) -> list[str]:
    """The same program. Comments, and what has no place to be cut at, stay as they are."""
    if all(len(line) <= LONGEST for line in lines):
        return lines
    found: dict[int, list[tokenize.TokenInfo]] = defaultdict(list)
    depths: dict[int, int] = {}
    depth, several = 0, set()  # brackets that are open, and lines of a text that has several
    for token in tokenize.generate_tokens(iter([f"{line}\n" for line in lines]).__next__):
        (first, _), (last, _) = token.start, token.end
        if last > first:
            several |= set(range(first, last + 1))
        depths.setdefault(first, depth)
        depth += _opens(token)
        if token.string.strip():
            found[first].append(token)
    parts: list[str] = []
    for number, line in enumerate(lines, 1):
        there = found[number]
        stays = len(line) <= LONGEST or number in several or not there or there[0].type == tokenize.COMMENT
        parts += [line] if stays else _cut(line, there, depths[number])
    return parts


def _opens(token: tokenize.TokenInfo) -> int:
    """By how many more brackets are open after a token."""
    if token.type != tokenize.OP:
        return 0
    return (token.string in "([{") - (token.string in ")]}")


def _cut(line: str, tokens: Sequence[tokenize.TokenInfo], depth: int) -> list[str]:
    """One line as several. depth: of brackets that are open before it."""
    if any(one.type == other.type == tokenize.STRING for one, other in pairwise(tokens)):  # one text in pieces
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    more = indent if depth else indent + STEP
    done: list[str] = []
    now, part, at = indent, "", len(indent)  # the line that is written, what comes next on one line, how far we are
    inside = depth > 0  # whether a line may end before that part

    def put() -> None:
        nonlocal now, part, inside
        if inside and now.strip() and len((now + part).rstrip()) > WIDTH:
            done.append(now.rstrip())
            now, part = more, part.lstrip()
        now, part, inside = now + part, "", depth > 0

    for token in tokens:
        gap, at = line[at : token.start[1]], token.end[1]
        if token.type == tokenize.COMMENT:
            done.insert(0, indent + token.string)
            continue
        pieces = _pieces(token, WIDTH - len(more) - 2)
        depth += _opens(token)
        if len(pieces) > 1:
            put()
            if now.strip():
                done.append((now + ("" if depth else gap + "(")).rstrip())
            done += [more + piece for piece in pieces[:-1]]
            now, part = more, pieces[-1] + ("" if depth else ")")
            put()
            continue
        part += gap + token.string
        if depth and (token.string == "," or _opens(token) > 0):
            put()
    put()
    return [*done, now.rstrip()]


def _pieces(token: tokenize.TokenInfo, width: int) -> list[str]:
    """A text in pieces that Python puts together again, each behind a space where there is one; else the token."""
    if token.type != tokenize.STRING or token.string[0] not in "'\"" or len(token.string) <= width:
        return [token.string]
    rest, found = str(ast.literal_eval(token.string)), []
    while rest:
        k = min(len(rest), width)
        while k > 1 and (over := len(quoted(repr(rest[:k]))) - width) > 0:
            k -= max(1, over // 10)  # a character is written as ten at most
        if k < len(rest):
            k = rest.rfind(" ", k // 2, k) + 1 or k
        found.append(quoted(repr(rest[:k])))
        rest = rest[k:]
    return found


def quoted(text: str) -> str:
    """A value as it is written, in double quotes where no string has a quotation mark of any kind: as in the rest."""
    return text if set('"\\') & set(text) else text.replace("'", '"')
