"""The rules for Prometheus and the dashboard for Grafana: what promtool says of them, and that they name no metric that
the program has not."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "etc/prometheus/tsig-proxy.rules.yml"
DASHBOARD = json.loads((ROOT / "etc/grafana/tsig-proxy.json").read_text(encoding="utf-8"))
pytestmark = pytest.mark.no_proxy

# The names at /metrics are an interface.
NAMES = {
    "tsig_proxy_" + name for name in """
        build_info requests_total tsig_failures_total transfers_total refreshes_total transfer_bytes_total
        transfer_duration_seconds notify_total clock_skew_seconds key_last_used_timestamp_seconds zones peer_up
        limits_total connections address_here config_last_reload_successful config_last_reload_success_timestamp_seconds
        config_generations log_lines_dropped_total zone_serial zone_refreshed_timestamp_seconds
        zone_behind_since_timestamp_seconds zone_expire_timestamp_seconds
    """.split()}


def named(text):
    """Metrics of ours that stand in a text, a histogram by its own name."""
    return {re.sub("_bucket$", "", name) for name in re.findall(r"tsig_proxy_\w+", text)}


def promtool(*words):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_pass_promtool():
    count = len(re.findall(r"- (?:alert|record):", RULES.read_text()))
    assert f"{count} rules found" in promtool("check", "rules", RULES)


def test_each_alert_goes_off_when_it_should_and_not_otherwise():
    place = ROOT / "tests/prometheus/tsig-proxy.test.yml"
    promtool("test", "rules", place)
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    fired = re.findall(r"alertname: (\w+)\n +exp_alerts:\n", place.read_text())
    assert set(fired) == alerts


def test_rules_and_dashboard_name_metrics_of_ours_alone():
    rules, shown = named(RULES.read_text()), named(json.dumps(DASHBOARD))
    assert rules <= NAMES
    assert shown == NAMES
    others = set(re.findall(r"\b(?:process|up)_\w+", json.dumps(DASHBOARD)))
    assert others <= {"process_resident_memory_bytes"}


def panels():
    return DASHBOARD["panels"]


def test_panels_have_an_id_each_and_do_not_overlap():
    assert len({panel["id"] for panel in panels()}) == len(panels()) > 20
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert cells and not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_panels_ask_the_data_source_that_was_chosen():
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    variables = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    assert variables[0] == "datasource"
    for panel in panels():
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == chosen
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters) > 0
        for target in panel["targets"]:
            assert target["datasource"] == chosen
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= {*variables, "__rate_interval"}


def test_prometheus_understands_what_the_panels_ask(tmp_path):
    """As rules, with what Grafana puts in for variables."""
    rules = []
    for number, target in enumerate(target for panel in panels() for target in panel.get("targets", [])):
        expression = target["expr"].replace("$__rate_interval", "5m")
        rules.append({"record": f"panel:{number}", "expr": re.sub(r"\$(instance|peer|job)", ".*", expression)})
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", path)
