"""Lets these tests use the random systems of tests/explore."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "explore"))
