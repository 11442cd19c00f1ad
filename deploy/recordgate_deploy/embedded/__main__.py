"""`python -m recordgate_deploy.embedded kafka|postgres FOLDER` becomes that server of the data folder."""

import sys
from pathlib import Path

from recordgate_deploy.embedded import kafka, postgres
from recordgate_runtime.process import run_process


def main() -> None:
    """Prepare the server and become it."""
    server, folder = sys.argv[1:]
    prepare = {"kafka": kafka.prepare, "postgres": postgres.prepare}[server]
    prepare(Path(folder)).become()


if __name__ == "__main__":
    run_process(main)
