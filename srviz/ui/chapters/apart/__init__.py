"""One token in two crowds has to go to two places: what attention by one number a token can tell apart."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(10, WORDS("title"), address="Apart", part=WORDS("part"), kept=WORDS("kept"))
