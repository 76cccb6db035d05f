"""What the proxy knows of real secondaries: current, behind, silent, expired."""

import json
import shutil
import subprocess
import urllib.request

import pytest

import net
from process import until
from proxy import Proxy, program
from servers import SECONDARIES, Bind, Knot, Nsd
from test_monitoring import NAMES
from tsigtool import Key
from zones import Zone

REFRESH, EXPIRE = 8, 24


class Brief(Zone):
    """A zone whose copies are soon old."""

    def master_file(self):
        return super().master_file().replace("3600 60 86400 300", f"{REFRESH} 3 {EXPIRE} 300")


class BriefBind(Bind):
    """Which asks as often as the SOA says, however often that is."""

    def options(self):
        return super().options() + "min-refresh-time 1; min-retry-time 1; allow-notify { any; };"


class BriefKnot(Knot):
    def write(self, zone, *sections):
        super().write(zone, *sections)
        path = self.directory / "knot.conf"
        path.write_text(path.read_text() + "    refresh-min-interval: 2\n    retry-min-interval: 2\n")


def status(proxy):
    command = [program(), "status", "--json", "-c", proxy.path]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=20).stdout)


def row(proxy, secondary):
    rows = [each for each in status(proxy)["zones"] if each["secondary"] == secondary]
    assert len(rows) == 1, rows
    return rows[0]


def wait_state(proxy, secondary, state, patience=60.0):
    def check():
        found = row(proxy, secondary)
        return found if found["state"] == state else None

    return until(check, f"{secondary} is {state}", patience, pause=0.2)


def metrics(place):
    with urllib.request.urlopen(f"http://{place.address}:{place.port}/metrics", timeout=20) as answer:
        return answer.read().decode()


def wait_metrics(place, check):
    """What is asked for more than once a second is shown as it was."""

    def look():
        text = metrics(place)
        return text if check(text) else None

    return until(look, "the metrics say so", pause=0.2)


def behind_nsd(launch, tmp_path, kinds):
    """A primary without keys, the proxy, and secondaries of these kinds, all with the zone."""
    zone, key, place = Brief(hosts=20), Key.new("xfr.example"), net.free_place()
    primary = launch(Nsd(tmp_path / "primary").primary(zone, notify=place))
    http = net.free_place()
    secondaries = [kind(tmp_path / kind.name).secondary(zone.name, key, place) for kind in kinds]
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        *((f"secondary {server.name}", {"address": net.text(server.place), "key": key.label})
          for server in secondaries),
    ], place=place, control=tmp_path / "control.sock", http=net.text(http), log_level="info"))
    for server in secondaries:
        launch(server)
        server.wait_serial(zone.name, zone.serial)
    return zone, key, primary, proxy, http, secondaries


@pytest.mark.parametrize("other", [BriefKnot], ids=["knot"])
def test_a_copy_is_current_then_behind_then_silent_then_expired(launch, tmp_path, other):
    """BIND keeps its copy, but its way to the primary is lost: it takes the NOTIFY and no more."""
    zone, key, primary, proxy, http, (bind, knot) = behind_nsd(launch, tmp_path, [BriefBind, other])
    for server in (bind, knot):
        found = wait_state(proxy, server.name, "current")
        assert (found["zone"], found["primary"]) == (zone.name, "legacy")
        assert found["serial"] == found["newest"] == zone.serial
        assert found["expires"] == found["confirmed"] + EXPIRE
        assert found["why"] is None
    assert status(proxy)["summary"] == "all 2 secondaries have every zone"
    bind.stop()
    bind.secondary(zone.name, key, net.free_place()).start()
    bind.wait_serial(zone.name, zone.serial)
    serial = primary.change()
    knot.wait_serial(zone.name, serial)
    found = wait_state(proxy, bind.name, "behind")
    assert (found["serial"], found["newest"]) == (serial - 1, serial)
    assert found["why"].startswith("it took the NOTIFY at ")
    assert status(proxy)["summary"].startswith(f"secondary bind is behind on {zone.name} since ")
    told = [each for each in status(proxy)["notifies"] if each["serial"] == serial]
    assert {each["secondary"]: each["transfer_after_seconds"] is None for each in told} == {
        "bind": True, "knot": False}
    found = wait_state(proxy, bind.name, "silent")
    assert found["silent_since"] == found["asked"]
    found = wait_state(proxy, bind.name, "expired")
    assert status(proxy)["now"] >= found["expires"] == found["confirmed"] + EXPIRE
    assert wait_state(proxy, knot.name, "current")["serial"] == serial
    text = wait_metrics(http, lambda text: 'tsig_proxy_zones{peer="bind",state="expired"} 1' in text.splitlines())
    for line in ('tsig_proxy_zones{peer="knot",state="current"} 1',
                 f'tsig_proxy_zone_serial{{zone="{zone.name}",peer="knot"}} {serial}'):
        assert line in text.splitlines(), text
    assert f'tsig_proxy_zone_behind_since_timestamp_seconds{{zone="{zone.name}",peer="bind"}} ' in text
    lines = proxy.events(event="refresh", peer="knot", serial=serial)
    assert len(lines) <= 1, "what has not changed is not told again"
    assert all(line["level"] == "info" for line in proxy.events(event="refresh", result="ok"))


@pytest.mark.parametrize("kind", SECONDARIES, ids=lambda kind: kind.name)
def test_each_kind_of_secondary_is_current_and_follows_a_notify(launch, tmp_path, kind):
    """However it asks: SOA or IXFR, over UDP or TCP."""
    zone, _key, primary, proxy, _http, (secondary,) = behind_nsd(launch, tmp_path, [kind])
    assert wait_state(proxy, secondary.name, "current")["serial"] == zone.serial
    serial = primary.change()
    secondary.wait_serial(zone.name, serial)

    def followed():
        told = [each for each in status(proxy)["notifies"] if each["serial"] == serial]
        return told and told[-1]["transfer_after_seconds"] is not None

    until(followed, "the transfer that followed the NOTIFY")
    found = wait_state(proxy, secondary.name, "current")
    assert (found["serial"], found["newest"]) == (serial, serial)
    assert status(proxy)["summary"] == f"secondary {secondary.name} has every zone"


def test_metrics_of_a_known_scenario(launch, tmp_path):
    """Each request that BIND sends is counted once; what a reload removes disappears."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    _zone, key, _primary, proxy, http, (bind,) = behind_nsd(launch, tmp_path, [BriefBind])
    wait_state(proxy, bind.name, "current")
    text = wait_metrics(http, lambda text: "tsig_proxy_zone_serial{" in text)
    assert 'tsig_proxy_transfers_total{peer="bind",type="axfr",result="ok"} 1' in text.splitlines(), text
    assert 'tsig_proxy_transfer_duration_seconds_count 1' in text.splitlines()
    assert f'tsig_proxy_key_last_used_timestamp_seconds{{peer="bind",key="{key.label}"}} ' in text
    assert 'tsig_proxy_peer_up{peer="legacy"} 1' in text.splitlines()
    assert 'tsig_proxy_clock_skew_seconds{peer="bind"} ' in text
    assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE tsig_proxy_")} == NAMES
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ini = proxy.path.read_text()
    proxy.path.write_text(ini.replace("[secondary bind]", "[secondary other]"))
    subprocess.run([program(), "reload", "-c", proxy.path], check=True, timeout=20)
    text = wait_metrics(http, lambda text: '"bind"' not in text)
    assert 'tsig_proxy_zones{peer="other",state="current"} 0' in text.splitlines()
    proxy.path.write_text(ini.replace("[secondary bind]", "[nonsense]"))
    assert subprocess.run([program(), "reload", "-c", proxy.path], check=False, timeout=20).returncode == 1
    wait_metrics(http, lambda text: "tsig_proxy_config_last_reload_successful 0" in text.splitlines())
