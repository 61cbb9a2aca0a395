"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(2, "Kernels", address="Kernels", part="Learn")
