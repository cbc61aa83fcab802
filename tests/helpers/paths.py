"""Where things are in a checkout, and beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
# Real inventories, which are no part of the repository: tests skip without them.
REAL_INVENTORIES = ROOT.parent / "shared" / "inventories"
