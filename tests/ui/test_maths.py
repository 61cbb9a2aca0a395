"""What is computed of attention stands in the rooms that compute it, where it has shapes and tests; `ui` shows it."""

import ast
from pathlib import Path

UI = Path(__file__).parents[2] / "srviz" / "ui"
MATHS = {  # names of numpy and torch by which something is solved, accumulated, searched, ranked or cut off
    "linalg", "cumsum", "cumprod", "searchsorted", "quantile", "nanquantile", "percentile", "topk", "cov", "corrcoef",
    "einsum", "triu_indices", "meshgrid", "cartesian_prod", "polyfit", "interp",
}  # fmt: skip


def test_no_page_solves_accumulates_or_searches_by_itself():
    found = []
    for path in UI.rglob("*.py"):
        if "scripts" in path.parts:  # programs for visitors, which hold all they compute
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {node.attr} if isinstance(node, ast.Attribute) else set()
            if isinstance(node, ast.Import | ast.ImportFrom):
                parts = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                names = {name for part in parts for name in part.split(".")}
            found += [f"{path.relative_to(UI)}:{node.lineno}: {name}" for name in sorted(names & MATHS)]
    assert not found, "it belongs in a function of measure, attention, lab or figures: " + ", ".join(found)
