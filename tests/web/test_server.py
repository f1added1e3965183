"""The site's processes live as long as the one that began them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_BEGINS = """
import time
from septima.web import server
beside = server._Beside(["shell", "--verbosity", "0", "-c", "import time; print('there', flush=True); time.sleep(600)"])
print(*[process.pid for process in beside._processes.values()], flush=True)
time.sleep(600)
"""


def test_what_works_in_the_background_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "SEPTIMA_SITE": str(tmp_path), "DJANGO_SETTINGS_MODULE": "septima.web.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", _BEGINS], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            (beside,) = map(int, server.stdout.readline().split())
            assert server.stdout.readline() == "there\n"
        finally:
            server.send_signal(signal.SIGKILL)
    until = time.monotonic() + 60
    while Path(f"/proc/{beside}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{beside}").exists()
