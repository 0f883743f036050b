"""`python -m pmicheck`: the command line."""

from __future__ import annotations

import sys

from pmicheck.cli.main import main

sys.exit(main())
