"""What the readers of files answer, for the tests of all kinds."""

from srviz.inputs import kinds


def read(ending, data):
    """What the file says, and its arrays."""
    said, found = kinds.answer(ending, data if isinstance(data, bytes) else data.encode())
    assert "error" not in said, said["error"]
    return said, found


def refused(ending, data):
    said, found = kinds.answer(ending, data if isinstance(data, bytes) else data.encode())
    assert not found
    return said["error"]


def left(said):
    """What the notes say beyond the triangles and the missing z."""
    return [note for note in said["notes"] if "sampled evenly" not in note and "z is 0" not in note]
