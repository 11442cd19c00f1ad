"""Ends all processes when their runner dies: `python -m recordgate_deploy.watchdog FOLDER`, the folder of pid files.

Standard input is a pipe whose other end only the runner holds: it closes when the runner ends, however it ends.
"""

import os
import signal
import sys
from pathlib import Path

from recordgate_deploy.pid_files import end_recorded

if __name__ == "__main__":
    os.read(0, 1)
    end_recorded(Path(sys.argv[1]).iterdir())
    # Also a process whose runner was killed before it could write the pid file; and this one.
    os.killpg(0, signal.SIGKILL)
