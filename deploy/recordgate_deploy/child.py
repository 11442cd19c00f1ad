"""Leave a mark, then become the command: what supervisord starts for each process.

`python -m recordgate_deploy.child MARK COMMAND...`; the pid stays the same.
"""

import os
import sys
from pathlib import Path

from recordgate_deploy.marks import leave_mark

if __name__ == "__main__":
    leave_mark(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  no shell wanted
