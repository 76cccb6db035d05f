"""The Debian package: made by CPack of the release build, read by lintian, installed in a system of its own, used there
and taken away again. Of its own in tests/run.sh: it takes a minute."""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import booted
import client
import image
import messages
import namespaces
import net
import tsigtool
from booted import Booted
from installed import Installed, System
from messages import NOERROR
from process import thread_statuses, until
from proxy import ini
from scripted import Scripted, sound
from tsigtool import Key

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = "/usr/share/doc/tsig-proxy/examples/full.ini"
DROP_IN = "/usr/share/doc/tsig-proxy/examples/tproxy/tsig-proxy.service.d/tproxy.conf"
CREDENTIALS = "/usr/share/doc/tsig-proxy/examples/systemd/tsig-proxy.service.d/credentials.conf"
CONFIG = "etc/tsig-proxy/tsig-proxy.ini"
SERVICE = [
    ("proxy", {"listen": "127.0.0.1@53"}), ("key xfr.example", {"secret_file": "keys/xfr.example.key"}),
    ("primary hq", {"address": "127.0.0.2"}), ("secondary east", {"address": "127.0.0.3", "key": "xfr.example"})]
EXPOSURE = 20  # tenths; systemd-analyze(1) calls less than that OK


def missing():
    """Why no package can be made and installed on this machine; None if one can."""
    if "TSIG_PROXY_RELEASE" not in os.environ:
        return "TSIG_PROXY_RELEASE is not set"
    lacking = [name for name in ("cpack", "dpkg-shlibdeps", "lintian") if not shutil.which(name)]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    return image.missing() or namespaces.missing() or booted.missing()


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    why = missing()
    if why and os.environ.get("CI") != "true":
        pytest.skip(why)
    assert why is None, why
    made = tmp_path_factory.mktemp("package")
    build = Path(os.environ["TSIG_PROXY_RELEASE"]).parent
    image.run("cpack", "-G", "DEB", "--config", build / "CPackConfig.cmake", "-B", made)
    (found,) = made.glob("*.deb")
    return found


@pytest.fixture(scope="module")
def system(package, module_stack):
    module_stack.enter_context(image.storage())
    made = System()
    made.install(package)
    return made


@pytest.fixture
def host(launch, system):
    """A network of its own with nothing in it."""
    namespace = launch(namespaces.Namespace("host"))
    namespace.ip("link set lo up")
    return namespace


@pytest.fixture
def configure(system):
    """configure(sections or text): the configuration that stands there, with a key that `keygen` made."""

    def write(text):
        system.shell("umask 027; tsig-proxy keygen -f bind xfr.example >/etc/tsig-proxy/keys/xfr.example.key; "
                     "chgrp tsig-proxy /etc/tsig-proxy/keys/xfr.example.key")
        (system.root / CONFIG).write_text(text)
        system.shell(f"chgrp tsig-proxy /{CONFIG}; chmod 640 /{CONFIG}")
        secret = (system.root / "etc/tsig-proxy/keys/xfr.example.key").read_text(encoding="ascii")
        return Key("xfr.example", "hmac-sha256", base64.b64decode(re.search(r'secret "(.+)"', secret)[1]))

    yield write
    (system.root / CONFIG).unlink(missing_ok=True)
    (system.root / "etc/tsig-proxy/keys/xfr.example.key").unlink(missing_ok=True)


def test_lintian_finds_no_error(package):
    fields = image.run("dpkg-deb", "-f", package, "Version", "Installed-Size", "Depends")
    print(f"package: {package.stat().st_size} octets; " + "; ".join(fields.splitlines()))
    print("\n".join(f"package: {line}" for line in image.run("dpkg-deb", "-c", package).splitlines()))
    done = subprocess.run(["lintian", "--allow-root", "--tag-display-limit", "0", package], capture_output=True,
                          text=True, timeout=120, check=False)
    assert [line for line in done.stdout.splitlines() if line.startswith("E:")] == [], done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def test_installed_waits_for_a_configuration(system):
    """Everything has its place, the service is enabled, and without a configuration it is not started."""
    assert system.run("tsig-proxy", "--version").startswith("tsig-proxy ")
    assert system.run("getent", "passwd", "tsig-proxy").rstrip().endswith(":/nonexistent:/usr/sbin/nologin")
    for place in ("/etc/tsig-proxy", "/etc/tsig-proxy/keys"):
        assert system.run("stat", "-c", "%a %U %G", place) == "750 root tsig-proxy\n"
    assert list((system.root / "etc/tsig-proxy").iterdir()) == [system.root / "etc/tsig-proxy/keys"]
    unit = (system.root / "lib/systemd/system/tsig-proxy.service").read_text()
    assert f"ConditionPathExists=/{CONFIG}\n" in unit
    assert os.path.islink(system.root / "etc/systemd/system/multi-user.target.wants/tsig-proxy.service")
    files = system.run("dpkg", "-L", "tsig-proxy").splitlines()
    for name in ("man8/tsig-proxy.8.gz", "man5/tsig-proxy.ini.5.gz", "examples/gateway.ini", CREDENTIALS, "kubernetes/gateway.yaml",
                 "ha/announce.sh",
                 "prometheus/tsig-proxy.rules.yml", "grafana/tsig-proxy.json", "tsig-proxy/copyright", "tsig-proxy/changelog.gz", "sysctl.d/tsig-proxy.conf", SAMPLE, DROP_IN,
                 "completions/tsig-proxy", "vendor-completions/_tsig-proxy", "vendor_completions.d/tsig-proxy.fish"):
        assert any(path.endswith(name) for path in files), name


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("drop_in", [None, DROP_IN, CREDENTIALS], ids=lambda path: os.path.basename(path or "alone"))
def test_systemd_accepts_the_unit_alone_and_with_each_drop_in(system, drop_in):
    """What it says of other units of that system is not ours."""
    place = system.root / "etc/systemd/system/tsig-proxy.service.d"
    place.mkdir()
    if drop_in:
        shutil.copy(str(system.root) + drop_in, place)
    done = subprocess.run(["systemd-analyze", "--man=no", f"--root={system.root}", "verify", "tsig-proxy.service"],
                          capture_output=True, text=True, timeout=60, check=False)
    rating = image.run("systemd-analyze", "security", "--offline=true", f"--root={system.root}",
                       f"--threshold={EXPOSURE}", "tsig-proxy.service")
    shutil.rmtree(place)
    said = [line for line in done.stderr.splitlines() if "tsig-proxy" in line or ".conf:" in line]
    assert (said, done.returncode) == ([], 0), done.stderr
    print("package:", re.search(r"Overall exposure level.*", rating)[0], f"(with {os.path.basename(drop_in or 'nothing')})")


def test_sample_passes_check(system, host, configure):
    configure((system.root / SAMPLE[1:]).read_text())
    with host:
        assert system.run("tsig-proxy", "check").startswith(f"/{CONFIG}: ok\n")


def test_what_is_installed_serves(system, host, configure, launch):
    with host:
        launch(Scripted(sound, net.Place("127.0.0.2", 53)))
    key = configure(ini(SERVICE))
    proxy = launch(Installed(system, host))
    user = int(system.run("id", "-u", "tsig-proxy"))
    assert {status["Uid"].split()[1] for status in thread_statuses(proxy.inside())} == {str(user)}
    wire, mac = tsigtool.sign(messages.query("example.org"), key)
    with host:
        asking = client.Udp(net.Place("127.0.0.1", 53), "127.0.0.3")
        assert system.call("tsig-proxy", "health").returncode == 0
    assert tsigtool.rcode(tsigtool.verify(asking.ask(wire), key, mac)[0]) == NOERROR
    asking.close()
    proxy.stop()


def kill_again(machine, times):
    """Kills the service so often, each time when systemd has started it again."""
    for number in range(times):
        machine.run("systemctl", "kill", "--signal=KILL", "tsig-proxy")
        until(lambda: machine.property("NRestarts") == str(number + 1) and machine.property("ActiveState") == "active",
              f"it is started again, {number + 1}")


def test_service_waits_for_a_configuration_and_comes_back_however_often(system, host, configure, launch):
    machine = launch(Booted(system, host))
    assert machine.property("ConditionResult") == "no"
    assert machine.property("ActiveState") == "inactive"
    configure(ini(SERVICE))
    machine.run("systemctl", "start", "tsig-proxy")
    assert machine.property("ActiveState") == "active"
    machine.run("tsig-proxy", "health")
    confined = re.search(r"event=confined .*", machine.journal())[0]
    assert "seccomp=yes" in confined and "secrets=locked" in confined, "beside systemd's own filter"
    assert re.search(r"landlock=[1-9]", confined), confined
    kill_again(machine, 6)  # one more than systemd lets pass in ten seconds, unless told otherwise
    machine.run("systemctl", "reload", "tsig-proxy")
    assert "event=reloaded" in machine.journal(), "systemd has waited for it"
    assert machine.property("StatusText") and machine.property("WatchdogUSec") == "1min"
    configure(ini(SERVICE) + "colour = green\n")
    assert machine.call("systemctl", "reload", "tsig-proxy").returncode != 0, "it was refused"
    assert "unknown setting 'colour'" in machine.journal()
    assert machine.property("ActiveState") == "active"
    machine.run("systemctl", "stop", "tsig-proxy")
    assert "event=stopped" in machine.journal()
    assert machine.property("Result") == "success"


def drop_in(system, path, **others):
    place = system.root / "etc/systemd/system/tsig-proxy.service.d"
    place.mkdir()
    text = (system.root / path[1:]).read_text()
    for name, other in others.items():
        text = text.replace(name, other)
    (place / os.path.basename(path)).write_text(text)
    return place


def test_service_takes_its_key_from_a_credential(system, host, configure, launch):
    """Nobody but root can read the file."""
    text = ini(SERVICE).replace("keys/xfr.example.key", "credential:xfr.example")
    key = configure(text)
    system.shell("install -d -m 0700 /etc/credstore; cp /etc/tsig-proxy/keys/xfr.example.key /etc/credstore; "
                 "rm /etc/tsig-proxy/keys/xfr.example.key; chown root: /etc/credstore/*; chmod 400 /etc/credstore/*")
    place = drop_in(system, CREDENTIALS)
    machine = launch(Booted(system, host))
    shutil.rmtree(place)
    assert machine.property("ActiveState") == "active", machine.journal()
    wire, mac = tsigtool.sign(messages.query("example.org"), key)
    with host:
        launch(Scripted(sound, net.Place("127.0.0.2", 53)))
        asking = client.Udp(net.Place("127.0.0.1", 53), "127.0.0.3")
    assert tsigtool.rcode(tsigtool.verify(asking.ask(wire), key, mac)[0]) == NOERROR
    asking.close()


def test_service_of_a_gateway_brings_its_rules_and_takes_them_away(system, host, configure, launch):
    system.run("apt-get", "-qq", "--no-install-recommends", "install", "nftables", "iproute2")
    sections = dict(SERVICE)
    sections["proxy"] = {"listen": "0.0.0.0@53", "transparent": "yes"}
    sections["primary hq"] = {"address": "192.0.2.1"}
    sections["secondary east"] = {"address": "198.51.100.1", "key": "xfr.example"}
    configure(ini(sections.items()))
    place = drop_in(system, DROP_IN)
    machine = launch(Booted(system, host))
    shutil.rmtree(place)
    assert machine.property("ActiveState") == "active", machine.journal()
    assert "tsig_proxy" in host.run("nft", "list", "tables")
    assert "lookup 5301" in host.run("ip", "rule")
    said = machine.journal()
    assert "event=started" in said and "passes by" not in said
    machine.run("systemctl", "stop", "tsig-proxy")
    assert "tsig_proxy" not in host.run("nft", "list", "tables")
    assert "5301" not in host.run("ip", "rule")


def test_reinstalling_keeps_what_the_administrator_made(system, package, configure):
    configure("; mine\n")
    system.shell("chmod 710 /etc/tsig-proxy; chgrp root /etc/tsig-proxy/keys")
    system.install(package)
    assert (system.root / CONFIG).read_text() == "; mine\n"
    assert system.run("stat", "-c", "%a %G", "/etc/tsig-proxy") == "710 tsig-proxy\n"
    assert system.run("stat", "-c", "%a %G", "/etc/tsig-proxy/keys") == "750 root\n"


def test_purge_leaves_nothing_but_the_user(system, configure):
    configure("; mine\n")
    system.run("apt-get", "-qq", "remove", "tsig-proxy")
    assert (system.root / CONFIG).read_text() == "; mine\n"
    assert not (system.root / "usr/sbin/tsig-proxy").exists()
    system.run("apt-get", "-qq", "purge", "tsig-proxy")
    assert system.named("tsig-proxy") == []
    text = subprocess.run(["grep", "-rlsI", "tsig-proxy", system.root / "etc"], capture_output=True, text=True,
                          timeout=60, check=False).stdout.split()
    left = {Path(path).name.rstrip("-") for path in text}
    assert left == {"passwd", "group", "shadow", "gshadow"}


def test_other_prefixes_have_paths_of_their_own(tmp_path):
    """Without a word about it: below /usr/local, and the unit starts what is there."""
    build, made = tmp_path / "build", tmp_path / "made"
    image.run("cmake", "-S", ROOT, "-B", build, "-DTSIG_PROXY_TESTS=OFF")
    shutil.copy(os.environ["TSIG_PROXY"], build / "tsig-proxy")
    image.run("cmake", "--install", build, DESTDIR=str(made))
    assert [path.name for path in made.iterdir()] == ["usr"]
    assert [path.name for path in (made / "usr").iterdir()] == ["local"]
    local = made / "usr/local"
    assert os.access(local / "sbin/tsig-proxy", os.X_OK)
    for path in ("lib/systemd/system/tsig-proxy.service", f"share{DROP_IN.removeprefix('/usr/share')}"):
        programs = re.findall(r"[^\s='+]*/tsig-proxy(?= )", (local / path).read_text())
        assert set(programs) == {"/usr/local/sbin/tsig-proxy"}
    for path in ("lib/sysusers.d/tsig-proxy.conf", "lib/sysctl.d/tsig-proxy.conf", "share/man/man8/tsig-proxy.8",
                 "share/doc/tsig-proxy/examples/full.ini", "share/zsh/site-functions/_tsig-proxy"):
        assert (local / path).is_file()
