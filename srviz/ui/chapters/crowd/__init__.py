"""Functions of a token and its crowd: learned by several kernels, and what one head tells of a crowd."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(11, "Functions of a crowd", address="Crowd", part="Train", kept="a training, if one was run here")
