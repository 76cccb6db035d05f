"""What the pages tell people to write is right: every configuration in them passes check, every link leads somewhere, and
packages are named in one way."""

import base64
import configparser
import hashlib
import os
import re
import subprocess

import pytest

import readme
from gateway import SANITIZERS

MARKDOWN = [*readme.ROOT.glob("*.md"), *(path for top in ("docs", "etc", "tests") for path in (readme.ROOT / top).rglob("*.md"))]

BLOCKS = [(path, block) for path in readme.PAGES for block in readme.blocks(path.read_text(encoding="utf-8")) if block.words[0] == "ini"]


def parsed(text):
    found = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes=(";", "#"))
    found.read_string(text)
    return found


def words(section, name):
    return [word.strip() for word in section.get(name, "").split(",") if word.strip()]


def completed(text):
    """A piece of a configuration, with what it leaves out."""
    found = parsed(text)
    labels = {label for name in found.sections() for label in words(found[name], "key")}
    kinds = {name.split()[0] for name in found.sections()}
    if "proxy" not in kinds:
        text += "\n[proxy]\nlisten = 127.0.0.1@5300\n"
    for label in sorted(labels):
        if f"key {label}" not in found:
            text += f"\n[key {label}]\nsecret-file = keys/{label}.key\n"
    if "primary" not in kinds:
        text += "\n[primary legacy]\naddress = 10.0.0.1\n"
    if "secondary" not in kinds:
        text += "\n[secondary provider]\naddress = 203.0.113.10\n"
    return text


def write(directory, text):
    """The configuration, with the secrets that it names; nothing of the host but itself is looked at."""
    path = directory / "tsig-proxy.ini"
    (directory / "keys").mkdir(mode=0o700)
    for name in parsed(text).sections():
        for file in words(parsed(text)[name], "secret-file"):
            (directory / file).write_bytes(base64.b64encode(hashlib.sha256(file.encode()).digest()))
            (directory / file).chmod(0o600)
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("page, block", BLOCKS, ids=[f"{page.name}-{number}" for number, (page, _) in enumerate(BLOCKS)])
def test_configurations_pass_check(page, block, tmp_path):
    text = completed(block.text) if "part" in block.words else block.text
    path = write(tmp_path, text)
    command = [os.environ["TSIG_PROXY"], "check", "-c", path]
    done = subprocess.run(command, env={**os.environ, **SANITIZERS}, capture_output=True, text=True, timeout=20, check=False)
    about = [line for line in done.stderr.splitlines() if re.match(rf"{re.escape(str(path))}:\d+: error", line)]
    about = [line for line in about if "no address of this host" not in line]  # they are the reader's
    assert about == [], f"{page.name}\n{text}\n{done.stderr}"


@pytest.mark.no_proxy
@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(readme.ROOT)))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, heading = target.partition("#")
        path = page.parent / file if file else page
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
            assert heading in {re.sub(r"[^a-z0-9 -]", "", found.lower()).replace(" ", "-") for found in headings}, target


@pytest.mark.no_proxy
def test_packages_to_build_are_the_same_everywhere():
    shared = re.search(r'packages_to_build="([^"]*)"', (readme.ROOT / "etc/packages.sh").read_text())[1].split()
    install = readme.blocks(readme.section(readme.ROOT / "README.md", "Install"))[0].text
    named = re.search(r"apt-get install -y (.*?)\ncmake", install, re.S)[1].replace("\\", "").split()
    assert sorted(named) == sorted([*shared, "dpkg-dev"])
