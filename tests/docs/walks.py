"""Read the console blocks of a page: each command with the output that stands below it."""

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A shell command and the lines that it is said to print; `...` stands for anything."""

    command: str
    output: tuple[str, ...]

    def matches(self, printed: str) -> bool:
        """Whether `printed` is what the page says."""
        lines = printed.splitlines()
        return len(lines) == len(self.output) and all(
            re.fullmatch(".*".join(re.escape(part) for part in expected.split("...")), line)
            for expected, line in zip(self.output, lines, strict=True)
        )


def read_steps(page: str) -> list[Step]:
    """All steps of a page, in their order."""
    steps: list[Step] = []
    for block in _BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:], ()))
            else:
                steps[-1] = Step(steps[-1].command, (*steps[-1].output, line))
    return steps
