"""One query among up to a million points in space: which keys count, and by how much."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(5, "Point clouds", address="Point_clouds", part="Real data")
