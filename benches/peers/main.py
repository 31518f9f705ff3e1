"""All comparisons: main.py BINARY FOLDER; see run.sh."""

import importlib.metadata
import platform
import sys

import faas
import queues
import sparse
from program import Fleetfront


def main():
    program = Fleetfront(*sys.argv[1:3])
    peers = [f"{name} {importlib.metadata.version(name)}" for name in ("Ciw", "SimPy", "SimFaaS", "NumPy")]
    print(f"Python {platform.python_version()}, {', '.join(peers)}. Intervals are 95 % over trials.")
    for comparison in (queues, faas, sparse):
        comparison.compare(program)


main()
