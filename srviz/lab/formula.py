"""A small language for functions of a token and the crowd it is in, f(x, μ). It is parsed, and never run as code.

    x                the place of the token that is asked
    c, p             the place and the payload of a member of the crowd; they stand only inside a function of the crowd
    mean(e), std(e), min(e), max(e), median(e), quantile(e, 0.9)
                     of e over the crowd; with a condition as last argument over those members alone: mean(c, c > x)
    share(condition) the share of the members for whom it holds
    pick(e, by)      e of the member for whom `by` is largest; pick(e, by, condition) among those alone
    abs sqrt exp log sin cos tanh sign     of a number; + − * / ^, < <= > >= == !=, and, or, not; numbers

A condition is 1 where it holds and 0 where it does not. Where nobody fulfils a condition there is no value, NaN. A
function of the crowd does not count its members, but for `quantile`, which interpolates between neighbours, and for
ties in `pick`. So f(x, μ) depends on the crowd only through the measure μ, and not always continuously. Inside a
function of the crowd that stands in another one, c is a member of the inner one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

LONGEST = 200  # characters
MOST_NODES, MOST_DEPTH = 80, 24
DEEP = f"The formula has too many brackets, signs or powers inside each other: at most {MOST_DEPTH}."
MOST_OF_CROWD = 8  # functions of the crowd in one formula
MOST_CELLS = 1 << 20  # numbers of one array while a formula is computed
NUMBER, NAME, SIGN = r"\d+(?:\.\d*)?|\.\d+", r"[A-Za-z_]\w*", r"<=|>=|==|!=|[-+*/^(),<>]"
TOKEN = re.compile(rf"\s*(?:({NUMBER})|({NAME})|({SIGN}))", re.ASCII)
MATHS: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "sqrt": torch.sqrt,
    "exp": torch.exp,
    "log": torch.log,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sign": lambda a: a.sign().where(a == a, a),  # torch's own says 0 of what is no number
}
OF_CROWD = {"mean": 1, "std": 1, "min": 1, "max": 1, "median": 1, "quantile": 2, "share": 1, "pick": 2}  # arguments
WITHOUT_CONDITION = {"share"}
NAMES = ("x", "c", "p")
PLAIN = str.maketrans({"−": "-", "·": "*", "×": "*", "≤": "\x01", "≥": "\x02", "≠": "\x03"})
TWO = {"\x01": "<=", "\x02": ">=", "\x03": "!="}
Tree = list["str | float | Tree"]  # [name of a function or a sign, arguments …]; ["number", 2.5]; ["x"]


@dataclass(frozen=True)
class Formula:
    """A formula that was understood. text: as it is written. tree: as JSON holds it."""

    text: str
    tree: Tree = field(hash=False, compare=False, repr=False)

    @property
    def reads_payload(self) -> bool:
        """Whether it asks for the payload of anyone."""
        return _reads(self.tree, "p")

    @torch.no_grad()
    def of(self, x: Tensor, c: Tensor, p: Tensor | None = None) -> Tensor:
        """f at x: (B, m) in crowds at c: (B, n) with payloads p: (B, n) → (B, m), NaN where it has no value.

        In float64. Rows of x are taken a few at a time, so that memory grows with n alone.
        """
        c = c.double().unsqueeze(-2)
        p = torch.zeros_like(c) if p is None else p.double().unsqueeze(-2)
        rows = max(1, MOST_CELLS // max(1, c.numel()))
        parts = [_value(self.tree, part.double().unsqueeze(-1), c, p) for part in torch.split(x, rows, -1)]
        found = [y.expand(*part.shape, 1).squeeze(-1) for y, part in zip(parts, torch.split(x, rows, -1), strict=True)]
        y = torch.cat(found, -1)
        return y.where(y.isfinite(), torch.nan)


def parse(text: object) -> Formula:
    """The formula of a text. Raises ValueError, with a sentence for who wrote it, where there is none."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError("Write a formula, such as mean(c, c > x).")
    if len(text) > LONGEST:
        raise ValueError(f"A formula may have {LONGEST} characters, this one has {len(text)}.")
    reader = _Reader(text)
    tree = reader.logic(0)
    if reader.kind:
        raise ValueError(f"The formula should end before “{reader.shown}”, or a sign is missing there.")
    if _free(tree):
        raise ValueError(
            "c and p stand for a member of the crowd: write them inside mean(…), share(…), max(…) and so on."
        )
    return Formula(" ".join(text.split()), tree)


class _Reader:
    """Reads a text from left to right, one word at a time."""

    def __init__(self, text: str) -> None:
        text = text.translate(PLAIN)
        for one, two in TWO.items():
            text = text.replace(one, two)
        self.text, self.at, self.nodes, self.of_crowd = text, 0, 0, 0
        self.kind = self.word = ""
        self.next()

    @property
    def shown(self) -> str:
        return self.word[:20]

    def next(self) -> None:
        found = TOKEN.match(self.text, self.at)
        if found is None:
            left = self.text[self.at :].strip()
            if left:
                raise ValueError(f"“{left[0]}” has no meaning in a formula.")
            self.kind = self.word = ""
            return
        self.at = found.end()
        self.kind = ("number", "name", "sign")[(found.lastindex or 1) - 1]
        self.word = found[found.lastindex or 1]

    def takes(self, *words: str) -> str:
        """The word, if it is one of these, and go on; else nothing."""
        if self.kind == "number" or self.word not in words:
            return ""
        word = self.word
        self.next()
        return word

    def needs(self, word: str) -> None:
        if not self.takes(word):
            raise ValueError(f"“{word}” is missing " + (f"before “{self.shown}”." if self.kind else "at the end."))

    def made(self, tree: Tree) -> Tree:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise ValueError(f"The formula is too long: it may have {MOST_NODES} numbers, names and signs.")
        return tree

    def logic(self, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise ValueError(DEEP)
        tree = self.compared(depth)
        while word := self.takes("and", "or"):
            tree = self.made([word, tree, self.compared(depth)])
        return tree

    def compared(self, depth: int) -> Tree:
        if self.takes("not"):
            return self.made(["not", self.compared(depth + 1)])
        tree = self.summed(depth)
        if word := self.takes("<", "<=", ">", ">=", "==", "!="):
            tree = self.made([word, tree, self.summed(depth)])
        if self.kind == "sign" and self.word in ("<", "<=", ">", ">=", "==", "!="):
            raise ValueError("Two comparisons in a row have no meaning: write them with “and” between.")
        return tree

    def summed(self, depth: int) -> Tree:
        tree = self.multiplied(depth)
        while word := self.takes("+", "-"):
            tree = self.made([word, tree, self.multiplied(depth)])
        return tree

    def multiplied(self, depth: int) -> Tree:
        tree = self.signed(depth)
        while word := self.takes("*", "/"):
            tree = self.made([word, tree, self.signed(depth)])
        return tree

    def signed(self, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise ValueError(DEEP)
        if self.takes("-"):
            return self.made(["minus", self.signed(depth + 1)])
        if self.takes("+"):
            return self.signed(depth + 1)
        tree = self.atom(depth)
        return self.made(["^", tree, self.signed(depth + 1)]) if self.takes("^") else tree

    def atom(self, depth: int) -> Tree:
        if self.kind == "number":
            tree = self.made(["number", float(self.word)])
            self.next()
            return tree
        if self.takes("("):
            tree = self.logic(depth + 1)
            self.needs(")")
            return tree
        if self.kind != "name":
            where = f"before “{self.shown}”" if self.kind else "at the end"
            raise ValueError(f"A number, x or a function is missing {where}.")
        name = self.word
        self.next()
        if name in NAMES:
            return self.made([name])
        if name in MATHS or name in OF_CROWD:
            return self.called(name, depth)
        known = ", ".join([*NAMES, *OF_CROWD, *MATHS])
        raise ValueError(f"“{name[:20]}” is not known. What is known: {known}.")

    def called(self, name: str, depth: int) -> Tree:
        self.of_crowd += name in OF_CROWD
        if self.of_crowd > MOST_OF_CROWD:
            raise ValueError(f"A formula may have {MOST_OF_CROWD} functions of the crowd, such as mean(…).")
        self.needs("(")
        arguments = [self.logic(depth + 1)]
        while self.takes(","):
            arguments.append(self.logic(depth + 1))
        self.needs(")")
        least = OF_CROWD.get(name, 1)
        most = least if name in MATHS or name in WITHOUT_CONDITION else least + 1
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least}, and a condition if you like"
            raise ValueError(f"{name}(…) takes {wanted}; it got {len(arguments)}.")
        if name == "quantile":
            share = arguments[1]
            if share[0] != "number" or not 0 <= float(str(share[1])) <= 1:
                raise ValueError("The second argument of quantile(…) is a number from 0 to 1, such as 0.9.")
        return self.made([name, *arguments])


def _free(tree: Tree) -> bool:
    """Whether c or p stands outside every function of the crowd."""
    if tree[0] in ("c", "p"):
        return True
    return tree[0] not in OF_CROWD and any(_free(part) for part in tree[1:] if isinstance(part, list))


def _reads(tree: Tree, name: str) -> bool:
    return tree[0] == name or any(_reads(part, name) for part in tree[1:] if isinstance(part, list))


# ---- what it comes to ------------------------------------------------------------------------------------------------


TWO_SIDED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "/": torch.div,
    "^": torch.pow,
    "<": lambda a, b: (a < b).double(),
    "<=": lambda a, b: (a <= b).double(),
    ">": lambda a, b: (a > b).double(),
    ">=": lambda a, b: (a >= b).double(),
    "==": lambda a, b: (a == b).double(),
    "!=": lambda a, b: (a != b).double(),
    "and": lambda a, b: ((a != 0) & (b != 0)).double(),
    "or": lambda a, b: ((a != 0) | (b != 0)).double(),
}


def _value(tree: Tree, x: Tensor, c: Tensor, p: Tensor) -> Tensor:
    """x: (B, m, 1), c, p: (B, 1, n) → (B, 1 or m, 1 or n)."""
    name = str(tree[0])
    if name == "number":
        return torch.full((1, 1, 1), float(str(tree[1])), dtype=torch.float64, device=x.device)
    if name in NAMES:
        return {"x": x, "c": c, "p": p}[name]
    parts = [_value(part, x, c, p) for part in tree[1:] if isinstance(part, list)]
    if name in OF_CROWD:
        return _of_crowd(name, parts, c)
    if name == "minus":
        return -parts[0]
    if name == "not":
        return (parts[0] == 0).double()
    return MATHS[name](parts[0]) if name in MATHS else TWO_SIDED[name](*parts)


def _of_crowd(name: str, parts: list[Tensor], c: Tensor) -> Tensor:
    """A function of the crowd: over the last dimension."""
    needed = OF_CROWD[name]
    kept = parts[needed] != 0 if len(parts) > needed else torch.ones_like(c, dtype=torch.bool)
    # not torch.broadcast_shapes, which imports sympy: seconds, and 35 MB
    by = parts[1] if name == "pick" else c
    together: list[Tensor] = torch.broadcast_tensors(parts[0], by, kept, c)  # type: ignore[no-untyped-call]
    e, by, kept, _ = together
    count = kept.sum(-1, keepdim=True)
    if name == "share":
        return (e != 0).double().mean(-1, keepdim=True)
    if name in ("mean", "std"):
        mean = e.where(kept, 0).sum(-1, keepdim=True) / count  # 0 / 0 where nobody is kept
        if name == "mean":
            return mean
        return ((e - mean).square().where(kept, 0).sum(-1, keepdim=True) / count).sqrt()
    if name == "pick":
        picked = e.gather(-1, by.where(kept, -torch.inf).argmax(-1, keepdim=True))
    elif name in ("min", "max"):
        end = torch.inf if name == "min" else -torch.inf
        picked = getattr(e.where(kept, end), f"a{name}")(-1, keepdim=True)
    else:
        share = parts[1] if name == "quantile" else torch.full_like(c[..., :1], 0.5)
        place = share * (count - 1).clamp_min(0)
        low, in_order = place.floor().long(), e.where(kept, torch.inf).sort(-1).values
        at, after = (in_order.gather(-1, k) for k in (low, (low + 1).clamp_max((count - 1).clamp_min(0))))
        picked = at + (place - low) * (after - at)
    return picked.where(count > 0, torch.nan)
