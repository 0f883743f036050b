"""Lets these tests use the helpers of tests/attacker: concrete states, and whatever the attacker can put together."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "attacker"))
