"""Where the program is: in a checkout, or installed from a wheel."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# A wheel has templates and static files inside of the package, a checkout beside it.
IS_INSTALLED = (PACKAGE / "templates").is_dir()
ROOT = PACKAGE if IS_INSTALLED else PACKAGE.parent
# The command that has all others: ``flask`` finds app.py, which no wheel has.
COMMAND = "hostadmin" if IS_INSTALLED else "flask"


def _instance() -> Path:
    """Return the folder of what the program itself makes: database and key."""
    if given := os.environ.get("HOSTADMIN_INSTANCE"):
        return Path(given).absolute()
    if not IS_INSTALLED:
        return ROOT / "instance"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "hostadmin"


INSTANCE = _instance()
# Settings may be there.
ENV_FILE = (INSTANCE if IS_INSTALLED else ROOT) / ".env"
