"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

from srviz.ui.chapters import show

show("photographs")
