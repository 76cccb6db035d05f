"""The spec for RPM: packed of the release build, so that each file that is installed must be in it, and read by rpmlint.
What Fedora's macros say is said here, as Debian's rpm has none of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import image

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "etc/rpm/tsig-proxy.spec"
pytestmark = pytest.mark.skipif(not shutil.which("rpmbuild") or not shutil.which("rpmlint"),
                                reason="rpm or rpmlint is not installed")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if "TSIG_PROXY_RELEASE" not in os.environ:
        pytest.skip("TSIG_PROXY_RELEASE is not set")
    made = tmp_path_factory.mktemp("rpm")
    build = Path(os.environ["TSIG_PROXY_RELEASE"]).parent
    macros = {
        "_topdir": made, "_unitdir": "/usr/lib/systemd/system", "_sysusersdir": "/usr/lib/sysusers.d",
        "_sysctldir": "/usr/lib/sysctl.d", "_docdir": "/usr/share/doc", "cmake": ":", "cmake_build": ":",
        "cmake_install": f"DESTDIR=%{{buildroot}} cmake --install {build}",
        **{name: "%{nil}" for name in ("systemd_post()", "systemd_preun()", "systemd_postun_with_restart()",
                                       "sysusers_create_compat()")}}
    source = made / "source"
    source.mkdir()
    shutil.copy(ROOT / "LICENSE", source)
    words = [word for name, text in macros.items() for word in ("--define", f"{name} {text}")]
    done = subprocess.run(["rpmbuild", "-bb", "--nodeps", "--build-in-place", *words, SPEC], cwd=source,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = made.glob("RPMS/*/*.rpm")
    return found


def test_version_is_that_of_the_program():
    version = re.search(r"project\(tsig-proxy VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert re.search(r"^Version: +(\S+)", SPEC.read_text(), re.M)[1] == version
    assert f" - {version}-1\n" in SPEC.read_text()


def test_package_has_everything_that_is_installed(package):
    listed = image.run("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEGROUPNAME} %{FILEMODES:perms}\\n]", package)
    assert "/usr/sbin/tsig-proxy root -rwxr-xr-x\n" in listed
    for place in ("/etc/tsig-proxy", "/etc/tsig-proxy/keys"):
        assert f"{place} tsig-proxy drwxr-x---\n" in listed
    for name in ("examples/full.ini", "examples/kubernetes/gateway.yaml", "tsig-proxy.service", "man8/tsig-proxy.8"):
        assert f"{name} root -rw-r--r--\n" in listed


def test_rpmlint_finds_no_error():
    done = subprocess.run(["rpmlint", SPEC], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and " 0 errors" in done.stdout, done.stdout
