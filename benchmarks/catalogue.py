"""Compute the whole catalogue by month: `python -m benchmarks.catalogue WORKSPACE`."""

import sys

import septima
from septima.metrics import catalogue, compute


def main() -> None:
    workspace = septima.open(sys.argv[1])
    results = compute(list(catalogue().values()), workspace.tables(), grain="month")
    for name, result in results.items():
        print(name, len(result.frame))


if __name__ == "__main__":
    main()
