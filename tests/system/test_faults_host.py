"""What else a host refuses: descriptors, threads, connections, sockets; room for the log; a configuration that can be
read, a secret, a control socket. While it is refused the old goes on; once it is there again, all does."""

import os
import resource
import shutil
import subprocess

import pytest

from host_faults import Demand, Refusals, Scene, binaries, released
from process import until

pytestmark = pytest.mark.own_workers
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")


def limit(scene, which, soft):
    """Of the running program: what may be had, which can be raised again."""
    _, hard = resource.prlimit(scene.proxy.pid, which)
    resource.prlimit(scene.proxy.pid, which, (hard if soft is None else soft, hard))


# Descriptors, connections, sockets, threads


def test_L1_descriptors_run_out_while_it_serves(launch, tmp_path, capsys):
    """Not one is left for a while; then all there were."""
    scene = Scene(launch, tmp_path, (), released())
    demand = launch(Demand(scene.asker))
    demand.wait_right(2)
    limit(scene, resource.RLIMIT_NOFILE, 3)
    scene.change()
    demand.wait_asked(3)
    short = demand.line()
    limit(scene, resource.RLIMIT_NOFILE, None)
    demand.wait_right(2)
    demand.stop()
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  none left: {short}\n  then {well}")


@pytest.mark.parametrize("kind", ["connections", "sockets"])
def test_L8_the_kernel_gives_no_connection_and_no_socket(launch, tmp_path, capsys, kind):
    """One of two, then none."""
    refusals = Refusals(tmp_path / "refusals")
    scene = Scene(launch, tmp_path, refusals.before, answer_timeout=1)
    demand, told = launch(Demand(scene.asker)), []
    for one_in in (2, 1):
        refusals.refuse(kind, one_in)
        demand.wait_asked(3)
        asked, refused = refusals.allow(kind)
        assert 0 < refused < 100000, "it tries without rest"
        told.append(f"{refused} of {asked}")
        demand.wait_right(1)
    demand.stop()
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  {kind} refused: {', '.join(told)}; {demand.line()}\n  then {well}")


@pytest.mark.parametrize("binary", binaries())
def test_no_thread_is_to_be_had_at_a_reload(launch, tmp_path, binary):
    """For workers that the new configuration wants: it is refused, and taken once there are threads."""
    refusals = Refusals(tmp_path / "refusals")
    scene = Scene(launch, tmp_path, refusals.before, binary())
    threads, text = scene.proxy.threads(), scene.proxy.path.read_text()
    more = text.replace("workers = 2", "workers = 4")
    for nth in (1, 2):
        refusals.refuse("threads", nth=nth)
        line = scene.reload(more)
        assert (line["event"], line["result"]) == ("reload-refused", "no-socket"), line
        assert refusals.allow("threads")[1] == 1
    until(lambda: scene.proxy.threads() == threads, "what was begun is given back")
    scene.assert_well()
    assert scene.reload(more)["event"] == "reloaded"
    assert scene.proxy.threads() == threads + 2
    assert scene.reload(text)["event"] == "reloaded"
    scene.assert_well()


# The log


@AS_ROOT
def test_L7_the_disk_of_the_log_is_full(launch, tmp_path, capsys):
    """It serves; when there is room it says how many lines are lost, and no line is torn."""
    disk = tmp_path / "disk"
    disk.mkdir()
    story = f'mount -t tmpfs -o size=64k none {disk} && exec 2>{disk}/log && dd if=/dev/zero of={disk}/ballast ' \
            'bs=60k count=1 2>/dev/null; echo event=started; exec "$0" "$@"'
    scene = Scene(launch, tmp_path / "scene", ["unshare", "-m", "sh", "-c", story], released(), log_level="debug")
    inside = f"/proc/{scene.proxy.pid}/root{disk}"
    demand = launch(Demand(scene.asker))
    until(lambda: os.statvfs(inside).f_bavail == 0, "the disk is full")
    demand.wait_right(5)
    os.unlink(f"{inside}/ballast")
    demand.wait_right(2)
    demand.stop()
    scene.change()
    scene.follow()
    lines = open(f"{inside}/log", encoding="utf-8").read().splitlines()
    lost = [int(line.rsplit("lines=", 1)[1]) for line in lines if "event=dropped" in line]
    torn = [line for line in lines if "event=" in line and line.count("time=") != 1]
    with capsys.disabled():
        print(f"\n  {len(lines)} lines, {sum(lost)} lost; {demand.line()}")
    assert lost and not torn, torn


# The configuration


def kept(scene):
    """It goes on as before."""
    assert scene.asker.soa("udp") == scene.asker.soa("tcp") == scene.asker.axfr() == "right"


def gone(folder):
    folder.rename(folder.with_name("elsewhere"))
    return lambda: folder.with_name("elsewhere").rename(folder)


def file_instead(folder):
    back = gone(folder)
    folder.write_text("no folder")

    def undo():
        folder.unlink()
        back()

    return undo


def loop_instead(folder):
    back = gone(folder)
    folder.symlink_to(folder.name)

    def undo():
        folder.unlink()
        back()

    return undo


def empty_instead(folder):
    back = gone(folder)
    folder.mkdir()

    def undo():
        folder.rmdir()
        back()

    return undo


@pytest.mark.parametrize("watch", ["no", 1])
def test_the_folder_of_the_configuration_is_not_there(launch, tmp_path, watch):
    """Gone, a file, a link to itself, empty: refused each time, by a signal and by `watch`; then it is back."""
    folder = tmp_path / "scene" / "proxy"
    scene = Scene(launch, tmp_path / "scene", (), released(), watch=watch, include="conf.d/*.ini",
                  control=tmp_path / "control")
    for spoil in (gone, file_instead, loop_instead, empty_instead):
        start = scene.proxy.mark()
        undo = spoil(folder)
        if watch == "no":
            assert scene.reload()["event"] == "reload-refused"
        else:
            scene.proxy.wait(event="reload-refused", start=start)
        kept(scene)
        start = scene.proxy.mark()
        undo()
        if watch == "no":
            assert scene.reload()["event"] == "reloaded"
        else:
            scene.proxy.wait(event="reloaded", start=start)
    scene.assert_well()


@AS_ROOT
def test_what_user_may_not_read_any_more_is_refused(launch, tmp_path):
    """As another user than root: the file's mode, then the secret's file gone."""
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    scene = Scene(launch, tmp_path, (), released(), user="nobody", control="", secret_file=True)
    away = tmp_path / "away"
    for spoil, undo in ((lambda: scene.proxy.path.chmod(0), lambda: scene.proxy.path.chmod(0o644)),
                        (lambda: scene.secret.rename(away), lambda: away.rename(scene.secret))):
        spoil()
        line = scene.reload()
        assert (line["event"], line["result"]) == ("reload-refused", "malformed")
        kept(scene)
        undo()
        assert scene.reload()["event"] == "reloaded"
    scene.assert_well()


# The control socket


def health(scene):
    command = [released(), "status", "-c", scene.proxy.path]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


@pytest.mark.parametrize("how", ["unlinked", "another file", "folder gone"])
def test_the_control_socket_is_deleted_under_it(launch, tmp_path, how):
    """A reload makes it anew; with its folder it takes a restart, for what the program may write was settled at its
    start."""
    folder = tmp_path / "run"
    folder.mkdir()
    path = folder / "control"
    scene = Scene(launch, tmp_path / "scene", (), released(), control=path)
    assert health(scene)
    if how == "folder gone":
        shutil.rmtree(folder)
        assert scene.reload()["event"] == "reload-refused"
        folder.mkdir()
        kept(scene)
        scene.restart()
    else:
        path.unlink()
        if how == "another file":
            path.write_text("mine")
            assert scene.reload()["event"] == "reload-refused"
            path.unlink()
        assert not health(scene)
        kept(scene)
        assert scene.reload()["event"] == "reloaded"
    assert health(scene)
    scene.assert_well()


@AS_ROOT
@pytest.mark.parametrize("disk", ["-o nr_inodes=1", "-r"], ids=["full", "read-only"])
def test_the_control_socket_has_no_room_on_its_disk(launch, tmp_path, disk):
    """The start says so; a reload that wants one there is refused, and the old goes on."""
    folder = tmp_path / "run"
    folder.mkdir()
    before = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs {disk} none {folder} && exec "$0" "$@"']
    scene = Scene(launch, tmp_path / "scene", before, released(), control="")
    text = scene.proxy.path.read_text()
    line = scene.reload(text.replace("control = \n", f"control = {folder}/control\n"))
    assert (line["event"], line["result"]) == ("reload-refused", "no-socket"), line
    kept(scene)
    assert scene.reload(text)["event"] == "reloaded"
    scene.proxy.stop()
    scene.proxy.path.write_text(text.replace("control = \n", f"control = {folder}/control\n"))
    with pytest.raises(AssertionError, match="no control socket at"):
        scene.restart(before)
