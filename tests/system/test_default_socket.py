"""The control socket where it is by default, in a /run of its own; as root."""

import os
import subprocess

import net
import proxy
import pytest
from proxy import ini
from tsigtool import Key

pytestmark = [pytest.mark.any_workers, pytest.mark.skipif(os.getuid() != 0, reason="takes root")]

SOCKET = "/run/tsig-proxy/control.sock"

# Starts the program, asks it, ends it, and says what it asked and what is left.
STORY = """
mount -t tmpfs none /run || exit 1
"$0" run -c "$1" 2>/run/log & pid=$!
for _ in $(seq 200); do grep -q event=started /run/log && break; kill -0 $pid || break; sleep 0.05; done
stat -c '%U %a %F' /run/tsig-proxy /run/tsig-proxy/control.sock
"$0" health -c "$1" && echo healthy
kill $pid; wait $pid; echo "ended with $?"
ls -A /run/tsig-proxy
cat /run/log >&2
"""


def tell(tmp_path, **settings):
    key = Key.new("xfr.example")
    path = tmp_path / "a.ini"
    path.write_text(ini([("proxy", {"listen": net.text(net.free_place()), "http": "", **settings}), key.section(),
                         ("primary p", {"address": "192.0.2.1"}),
                         ("secondary s", {"address": "192.0.2.2", "key": key.label})]))
    path.chmod(0o600)
    return subprocess.run(["unshare", "-m", "sh", "-c", STORY, proxy.program(), path], capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, **proxy.Proxy.sanitizers})


def test_the_default_socket_has_its_folder_made(tmp_path):
    result = tell(tmp_path, user="nobody")
    assert result.stdout.splitlines() == ["nobody 755 directory", "nobody 660 socket", "healthy", "ended with 0"], result


def test_another_socket_has_to_have_its_folder(tmp_path):
    result = tell(tmp_path, user="nobody", control="/run/elsewhere/c.sock")
    assert "error: no control socket at /run/elsewhere/c.sock: No such file or directory; install -d -o nobody /run" \
        in result.stderr


def test_without_root_the_default_is_a_warning(tmp_path):
    """Who cannot make the folder serves all the same."""
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    key = Key.new("xfr.example")
    path = tmp_path / "a.ini"
    path.write_text(ini([("proxy", {"listen": net.text(net.free_place()), "user": "", "http": ""}), key.section(),
                         ("primary p", {"address": "192.0.2.1"}),
                         ("secondary s", {"address": "192.0.2.2", "key": key.label})]))
    path.chmod(0o644)
    story = ('mount -t tmpfs none /run; exec setpriv --reuid=65534 --regid=65534 --clear-groups timeout 1 '
             '"$0" run -c "$1"')
    result = subprocess.run(["unshare", "-m", "sh", "-c", story, proxy.program(), path], capture_output=True, text=True,
                            timeout=60, check=False)
    assert f"warning: no control socket at {SOCKET}" in result.stderr and "event=started" in result.stderr, result
