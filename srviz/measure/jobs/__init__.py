"""The jobs of this room, one a file: `run(plan, attachments)` yields records. They are found by their file names."""
