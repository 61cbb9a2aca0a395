"""`python -m srviz.ui.chapters`, or `make pages`: write the script of every chapter that has none yet."""

from srviz import places
from srviz.ui.chapters import COURSE

SCRIPT = """\"\"\"{line}\"\"\"

from srviz.ui.chapters import show

show("{name}")
"""


def write() -> list[str]:
    """Write the missing scripts, and return their names."""
    written = []
    for chapter in COURSE:
        script = places.HOME / chapter.script
        if not script.exists():
            script.write_text(SCRIPT.format(line=f"{chapter.title}.", name=chapter.name), "utf-8")
            written.append(chapter.script)
    return written


if __name__ == "__main__":
    print("\n".join(write()) or "Every chapter has its script.")
