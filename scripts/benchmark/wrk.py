"""The same load sent by wrk, which costs the machine less; it tells how many a second, and no latency.

(The quantiles that wrk prints are corrected for what its closed loop did not send, so they are not quoted here.)
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.benchmark.load import Load, LoadError

_SCRIPT = Path(__file__).with_name("wrk.lua")
_LONGEST_SECONDS = 300


def find_wrk() -> str | None:
    """Where the program is."""
    return shutil.which("wrk")


def send_all(port: int, requests: Iterable[bytes], clients: int, expected: int) -> Load:
    """Each request once. Raises: LoadError where not all are answered with the expected status."""
    with tempfile.NamedTemporaryFile(prefix="coach-vault-tape-") as tape:
        total = 0
        for request in requests:
            tape.write(b"%010d%s" % (len(request), request))
            total += 1
        tape.flush()
        command = [
            "wrk", "-t1", f"-c{clients}", f"-d{_LONGEST_SECONDS}s", "-s", str(_SCRIPT), f"http://127.0.0.1:{port}",
            "--", tape.name, str(total), str(expected),
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            line = next((line for line in process.stdout if line.startswith(("ANSWERED", "REFUSED"))), None)
            process.kill()
    if line is None:
        raise LoadError(f"expected {total} answers of status {expected}, and not all came in {_LONGEST_SECONDS} s")
    word, *figures = line.split()
    if word == "REFUSED":
        raise LoadError(f"expected {expected}, got {figures[0]}")
    answered, microseconds = figures
    return Load(int(answered), int(microseconds) / 1e6)
