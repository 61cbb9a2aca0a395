"""Models and trainings as files: safetensors, which hold numbers and a few words, and never code.

The metadata of a file has one entry, so that the same numbers make the same file: {"srviz": JSON of {"format", "kind",
"words"}}, the kind being one of `KINDS`.
"""

import json
from collections.abc import Mapping
from typing import Any

from torch import Tensor

FORMAT = "1"
MOST_BYTES = 1 << 30
KINDS = {"weights": "a trained model", "training": "a training that can go on"}


def save(kind: str, tensors: Mapping[str, Tensor], words: Mapping[str, Any]) -> bytes:
    """A file of these tensors. words: what JSON can hold."""
    from safetensors.torch import save as written

    held = {name: x.detach().cpu().contiguous() for name, x in tensors.items()}
    return written(held, {"srviz": json.dumps({"format": FORMAT, "kind": kind, "words": words})})


def load(data: bytes, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the words. Raises ValueError, with a sentence, for what is not a file of this kind."""
    from safetensors import SafetensorError
    from safetensors.torch import load as read

    if len(data) > MOST_BYTES:
        raise ValueError(f"This file has {len(data):,} bytes; {MOST_BYTES:,} are read at most.")
    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length]) if 0 < length <= len(data) - 8 else None
        tensors = read(data)
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ValueError(f"This is not a whole file of weights (safetensors): {str(error)[:100]}") from None
    try:
        said = json.loads((header or {})["__metadata__"]["srviz"])
        written, held, words = said["format"], said["kind"], said["words"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ValueError("These weights were not written by this lab.") from None
    if written != FORMAT or held not in KINDS or not isinstance(words, dict):
        raise ValueError("These weights were written by another version of this lab.")
    if held != kind:
        raise ValueError(f"This file holds {KINDS[held]}, not {KINDS[kind]}.")
    return tensors, words
