"""A gate between processes: pieces import their code before it and serve after it.

Starting is mostly importing, which two cores can do while the servers come up.
"""

import os


class Gate:
    """Closed at first; whoever waits passes once it is open, also long afterwards."""

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()

    def open(self) -> None:
        """Let everyone pass."""
        os.write(self._writes, b"\n")

    def wait(self) -> None:
        """Return when the gate is open."""
        os.read(self._reads, 1)
        # Put back for the next in line: one byte in the pipe means open.
        os.write(self._writes, b"\n")
