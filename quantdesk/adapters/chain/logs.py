"""Transaction logs: who was executing when a line was written.

Anybody can write bytes that look like our events. Only lines written while our program is on top
of the invocation stack are ours; the runtime writes the invoke and return lines itself.
"""

import re
from collections.abc import Iterator, Sequence

_INVOKE = re.compile(r"^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]$")
_RETURN = re.compile(r"^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) (?:success$|failed: )")
_DATA = "Program data: "
TRUNCATED = "Log truncated"


class LogsTruncated(Exception):
    """The node cut the logs, so events may be missing; fetch the accounts instead."""


def data_lines(logs: Sequence[str], program: str) -> Iterator[tuple[int, str]]:
    """(line index, base64 payload) of each data line that `program` wrote; first payload only."""
    stack: list[str] = []
    for index, line in enumerate(logs):
        if line.startswith(_DATA):
            if stack and stack[-1] == program:
                yield index, line[len(_DATA) :].split(" ", 1)[0]
        elif invoked := _INVOKE.match(line):
            del stack[int(invoked[2]) - 1 :]
            stack.append(invoked[1])
        elif (returned := _RETURN.match(line)) and stack and stack[-1] == returned[1]:
            stack.pop()
        elif line == TRUNCATED:
            raise LogsTruncated(f"logs end at line {index}")
