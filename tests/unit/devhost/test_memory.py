"""What a host does about its garbage."""

from __future__ import annotations

import subprocess
import sys

from tools.azurite import ROOT

KEEPS = """
import gc
from devhost.memory import keep_for_good
usual = gc.get_threshold()
keep_for_good()
assert gc.get_freeze_count() > 0
assert gc.get_threshold()[0] > usual[0]
assert gc.get_threshold()[1:] == usual[1:]
assert gc.isenabled()
"""


def test_what_was_loaded_is_looked_at_no_more() -> None:
    """What is there when the host begins to serve stays; what comes later is still collected, in larger portions."""
    subprocess.run([sys.executable, "-c", KEEPS], cwd=ROOT, check=True)
