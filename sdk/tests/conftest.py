"""The tests' own components are importable by name, as those of an installed plugin are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
