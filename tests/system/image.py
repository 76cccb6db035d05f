"""The container image, built for real by buildah. A base image by the Dockerfile's name is made by debootstrap
from this machine's Debian mirror, and kept from one run to the next."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tsig-proxy-tests"
BASE = "docker.io/library/debian:bookworm-slim"  # what `FROM debian:bookworm-slim` means
MIRROR = "http://deb.debian.org/debian/"
SUITES = ("bookworm", "bookworm-updates", "bookworm-security")


def missing():
    """Why no image can be built on this machine; None if one can."""
    if os.geteuid() != 0:
        return "images are built as root"
    lacking = [name for name in ("buildah", "debootstrap", "crun") if not shutil.which(name)]
    return f"{', '.join(lacking)} not installed" if lacking else None


def run(*command, **environment):
    """The standard output of a command that must succeed."""
    done = subprocess.run([*map(str, command)], env={**os.environ, **environment}, capture_output=True, text=True,
                          errors="replace", timeout=600, check=False)
    said = (done.stdout + done.stderr)[-8000:]
    assert done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{said}"
    return done.stdout


def buildah(*words):
    place = ("--storage-driver", "vfs", "--root", CACHE / "storage", "--runroot", CACHE / "run")
    return run("buildah", *place, *words, BUILDAH_ISOLATION="chroot", TMPDIR=str(CACHE / "scratch"))


@contextlib.contextmanager
def storage():
    """buildah's images and containers, for one at a time on this machine. Nothing but the base outlives it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            clean()  # somebody may have been killed
            yield
        finally:
            clean()


def clean():
    shutil.rmtree(CACHE / "scratch", ignore_errors=True)
    (CACHE / "scratch").mkdir()
    buildah("rm", "--all")
    for line in buildah("images", "--all", "--format", "{{.ID}} {{.Name}}:{{.Tag}}").splitlines():
        if line.split()[1] != BASE:
            buildah("rmi", "--force", line.split()[0])


def sources():
    """(URI, suite) of Debian's main archive, as this machine's apt is set up."""
    rows = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    found = [tuple(row.split()[:2]) for row in rows.splitlines() if row.split()[2:] == ["main"]]
    found = list(dict.fromkeys(pair for pair in found if pair[1] in SUITES))
    return found if "bookworm" in dict(map(reversed, found)) else [(MIRROR, "bookworm")]


def apt_settings():
    """How this machine's apt reaches its mirror: proxies, certificates, patience."""
    wanted = ("Acquire::http::", "Acquire::https::", "Acquire::Retries")
    lines = run("apt-config", "dump").splitlines()
    settings = [line for line in lines if line.startswith(wanted)]
    for name, key in (("http_proxy", "http"), ("https_proxy", "https")):
        if name in os.environ:
            settings.append(f'Acquire::{key}::Proxy "{os.environ[name]}";')
    return "".join(f"{line}\n" for line in settings)


def make_base():
    """debootstrap's smallest system, without documentation, as in the slim image."""
    tree = CACHE / "base"
    shutil.rmtree(tree, ignore_errors=True)
    archive = sources()
    mirror = dict(map(reversed, archive))["bookworm"]
    extra = ["--include=ca-certificates"] if mirror.startswith("https:") else []
    run("debootstrap", "--variant=minbase", *extra, "bookworm", tree, mirror)
    for folder in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt/archives", "var/lib/apt/lists"):
        for path in (tree / folder).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(
        "".join(f"path-exclude /usr/share/{folder}/*\n" for folder in ("doc", "man", "locale")))
    (tree / "etc/apt/sources.list").write_text("".join(f"deb {uri} {suite} main\n" for uri, suite in archive))
    (tree / "etc/apt/apt.conf.d/99machine").write_text(apt_settings())
    container = buildah("from", "scratch").strip()
    buildah("add", "--quiet", container, tree, "/")
    buildah("commit", "--quiet", "--format", "docker", "--rm", container, BASE)
    shutil.rmtree(tree)


def want_base():
    if BASE not in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        make_base()


def mount(tag):
    """The files of an image, to do with as one likes."""
    return Path(buildah("mount", buildah("from", "--pull-never", tag).strip()).strip())


def build(tag, dockerfile, context):
    want_base()
    buildah("bud", "--pull-never", "--format", "docker", "--layers=false", "--tag", tag, "--file", dockerfile, context)


def config(tag):
    """What an image says of how it is to be run."""
    return json.loads(buildah("inspect", "--type", "image", tag))["Docker"]["config"]


class Image:
    """The image that the Dockerfile makes of this checkout: how it is to be run, and its files."""

    def __init__(self):
        self.tag = "localhost/tsig-proxy:test"

    def build(self):
        build(self.tag, ROOT / "Dockerfile", ROOT)
        self.root, self.base = mount(self.tag), mount(BASE)
        self.config = config(self.tag)
        self.user = tuple(int(number) for number in self.config["User"].split(":"))
        self.command = self.config["Entrypoint"] + self.config["Cmd"]
        kind, *self.healthcheck = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self

    def files(self):
        """{path: size} of what the image adds to its base, or has otherwise."""
        ours, theirs = sizes(self.root), sizes(self.base)
        return {path: size for path, size in ours.items() if theirs.get(path) != size}

    def size(self):
        return sum(sizes(self.root).values())

    def libraries(self):
        """What the program is linked with: lines of ldd, as in the image."""
        lines = run("chroot", self.root, "ldd", self.command[0]).splitlines()
        return [" ".join(line.split()[:-1]) for line in lines]


def sizes(tree):
    """{path: octets} of all files below."""
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(tree)): path.stat().st_size for path in files}
