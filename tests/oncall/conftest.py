"""The two modules beside the tests: schedules made by hypothesis, and the definition read out minute by minute."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
