"""Run every query: `python -m benchmarks.hand_written WORKSPACE [--times]`; with `--times` prints processor seconds."""

import sys
import time
from pathlib import Path

from benchmarks.hand_written import QUERIES, connected


def main() -> None:
    with connected(Path(sys.argv[1])) as connection:
        for name, query in QUERIES.items():
            begun = time.process_time()
            rows = len(connection.execute(query).fetchall())
            print(f"{time.process_time() - begun:8.2f}  {name}" if "--times" in sys.argv else f"{name} {rows}")


if __name__ == "__main__":
    main()
