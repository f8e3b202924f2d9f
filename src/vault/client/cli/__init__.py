"""The command of people: `coach-vault`.

Exit codes: 0 done, 1 refused, 2 usage, 3 verification failed, 4 unreachable.
"""

import sys


def main() -> None:
    """Run one command and leave with its exit code."""
    from vault.client.cli.application import run

    sys.exit(run(sys.argv[1:]))
