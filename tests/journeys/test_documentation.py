"""The example of docs/sdk.md runs as it stands, but for where the network is."""

import os
import re
import subprocess
import sys

from devnet.keys import participant_key, write_key_file
from devnet.stack import Stack
from tests.conftest import ROOT
from tests.journeys.market import BUYER

EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)
SERVED_AT, KEYS = "http://127.0.0.1:8000", ".guildhall/keys"
NEWCOMER = participant_key(12)
SECONDS = 120


def test_the_client_s_example_hires_and_pays(network: Stack) -> None:
    keys = network.data_dir / "documented"
    write_key_file(keys, "participant-0", BUYER)
    write_key_file(keys, "participant-1", NEWCOMER)
    found = EXAMPLE.search((ROOT / "docs" / "sdk.md").read_text())
    assert found is not None
    code = found[1]
    assert SERVED_AT in code
    assert KEYS in code
    code = code.replace(SERVED_AT, network.url).replace(KEYS, str(keys))
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=env, check=False, capture_output=True, text=True, timeout=SECONDS
    )
    assert (shown.stdout, shown.returncode) == ("apple fig pear\nreleased\n", 0), shown.stderr
