"""Each metric that an alert names is one that the indexer has."""

import re
from pathlib import Path

from indexer.metrics import HELP, PREFIX

RULES = Path(__file__).resolve().parents[3] / "ops" / "alerts.yml"


def test_alerts_name_metrics_that_exist() -> None:
    named = set(re.findall(rf"{PREFIX}(\w+)", RULES.read_text()))
    assert len(named) >= 5
    assert named <= HELP.keys()


def test_each_finding_of_the_audit_has_an_alert() -> None:
    wanted = {"audit_last_success_timestamp_seconds", "audit_mismatches_total", "audit_alerts_total", "audit_shortfall"}
    wanted |= {"rpc_excluded", "quorum_failures_total"}
    assert wanted <= set(re.findall(rf"{PREFIX}(\w+)", RULES.read_text()))
