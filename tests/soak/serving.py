"""`watchbill serve` whose effects only count: see counting.py. SOAK_LEASE shortens leases, in seconds."""

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from soak import counting
from watchbill import cli
from watchbill.executor import writer
from watchbill.executor.handlers import HANDLERS

if __name__ == "__main__":
    HANDLERS.update(dict.fromkeys(counting.KINDS, counting.__name__))
    writer.LEASE = timedelta(seconds=float(os.environ["SOAK_LEASE"]))  # before those who take it from there
    cli.main()
