"""Serve hostadmin: ``python app.py``; also what the ``flask`` command finds."""

import sys

from hostadmin.server import main
from hostadmin.server import make_app as make_app

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
