"""The n² route and the sorted route, side by side, to the same answer."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(1, "Two routes, one answer", address="Two_routes", part="Learn")
