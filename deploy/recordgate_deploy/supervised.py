"""supervisord tied to its parent: when `recordgate up` dies, however it dies, everything stops.

`python -m recordgate_deploy.supervised MARK CONFIG`; standard input is the lifeline: a pipe
whose other end only the parent holds.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from supervisor.supervisord import main

from recordgate_deploy.marks import leave_mark


def _end_with_parent() -> None:
    """Wait for the end of the lifeline, then ask supervisord to stop in its usual order."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    leave_mark(Path(sys.argv[1]))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main(["--configuration", sys.argv[2]])
