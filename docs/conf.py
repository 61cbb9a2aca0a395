"""The site of the operator's documentation: `make docs` builds it into build/docs."""

from sphinx.application import Sphinx

project = "srviz"
copyright = "srviz contributors"  # Sphinx reads this name
extensions = ["myst_parser", "sphinx.ext.autodoc"]  # formulas are text: MathJax would come from the network
html_theme = "furo"
html_title = "srviz.attention"
html_show_sphinx = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"


def as_text(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text: a formula's bars and stars are no markup."""
    lines[:] = [line.replace("|", r"\|").replace("**", r"\*\*") for line in lines]


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", as_text)
