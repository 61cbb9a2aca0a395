"""All puzzles of the course, and which of them are solved."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(13, "Puzzles", address="Puzzles", part="Try it yourself")
