"""What programs write around the rows of a table: brackets, ends of lines in LaTeX, lines that are drawn."""

import re

CLOSE = {"[": "]", "(": ")", "{": "}"}
HEAD = re.compile(r"(?:[\w.*:<>\[\] \t]*=\s*)?(?:[\w.]*\(\s*)?(?=[\[({])")  # of arrays in a program
TAIL = re.compile(r"[\s,;\])}]*+(?:dtype=[\w.']*)?[\s;)]*")
OBJECTS = re.compile(r"\s*(?:\[\s*)?\{\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*:|\s*\[\s*\{\s*\}")
RULED = r"(?:(?:--+|:-+):?|-:|={2,})"  # a cell of a line that is drawn; each matches in one way only
SIGNS = re.compile(r"(?m)^[ \t|+:=-]+$\n?")  # of which such a line is
DRAWN = re.compile(
    rf"[|+][ \t]*{RULED}(?:[ \t]*[|+][ \t]*{RULED})*[ \t]*[|+]?|{RULED}(?:[ \t]*[|+][ \t]*{RULED})+[ \t]*[|+]?"
    r"|(?=.*(?:---|===))(?:-+|=+)(?: +(?:-+|=+))*"
)
MATRIX = re.compile(r"(?:[\w.]+[ \t]*=[ \t]*)?\[([^][(){}]*)\][ \t]*;?")  # of MATLAB, with semicolons between its rows
LONGEST = 10_000  # letters of a line that is drawn
COMMANDS = re.compile(r"\\(?:hline|toprule|midrule|bottomrule|c(?:mid)?rule\{[^{}\n]*\}|cline\{[^{}\n]*\})")
END = re.compile(r"\\\\(?:\[[^\[\]\n]*\])?$")


def unwrapped(text: str) -> str:
    """Only the rows of a table: without the brackets around each of them, and without lines that are drawn."""
    if re.search(r"--|==|:-|-:", text):
        text = SIGNS.sub(_undrawn, text)
    return _latex(text) if "\\\\" in text and "&" in text else _bracketed(text)


def _undrawn(line: re.Match[str]) -> str:
    return "" if len(line[0]) < LONGEST and DRAWN.fullmatch(line[0].strip()) else line[0]


def _bracketed(text: str) -> str:
    """Rows of which each stands in brackets, and all together perhaps in others, each in a line of its own."""
    whole = text.strip()
    if matrix := MATRIX.fullmatch(whole):
        rows = [row.strip(" \t,") for row in re.split(r"[;\n]", matrix[1].replace("...\n", " ")) if row.strip(" \t,")]
        if ";" in matrix[1] and len(rows) > 1 and all(re.search(r"\S[\s,]+\S", row) for row in rows):
            return "\n".join(rows) + "\n"
    head = HEAD.match(whole[:1000])
    if not head:
        return text
    body = whole[head.end() :]
    if head.end() == 0 and (several := _several(whole)) is not None:
        return several or text
    inner = body[1:].lstrip()
    body = inner if inner[:1] in CLOSE else body
    first, last = re.escape(body[0]), CLOSE[body[0]]
    rows = re.split(rf"{re.escape(last)}\s*+(?:[,;]\s*+)?{first}", body[1:])
    rows[-1], _, tail = rows[-1].partition(last)
    wrong = any(body[0] in row or last in row or not re.search(r"\S[\s,;]+\S", row) for row in rows)
    if len(rows) < 2 or wrong or not TAIL.fullmatch(tail):
        return text
    return "\n".join(" ".join(row.strip(" \t\n,;").split("\n")) for row in rows) + "\n"


def _several(text: str) -> str | None:
    """Lines of which each has several brackets with white space between them, as rows: of one line the cells of all.

    Nothing where the lines have not equally many; None where they are written otherwise.
    """
    first, last = text[0], CLOSE[text[0]]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    many = {line.count(first) for line in lines}
    one = rf"{re.escape(first)}[^][(){{}}]*{re.escape(last)}"
    if len(lines) < 2 or many == {1} or not all(re.fullmatch(rf"{one}(?:[ \t]+{one})*", line) for line in lines):
        return None
    sign = next((sign for sign in ",;" if sign in text), " ")
    rows = [sign.join(cells.strip() for cells in re.findall(r"[^][(){}]+", line) if cells.strip()) for line in lines]
    return "\n".join(rows) + "\n" if len(many) == 1 else ""


def _latex(text: str) -> str:
    """Rows of LaTeX, of which each but the last ends with two backslashes."""
    lines = [line.strip() for line in COMMANDS.sub("", text).split("\n")]
    rows = [line for line in lines if line and not (line[0] in "\\%" and "&" not in line)]
    if len(rows) < 2 or not all("&" in row for row in rows) or not all(END.search(row) for row in rows[:-1]):
        return text
    return "\n".join(END.sub("", row).strip() for row in rows) + "\n"
