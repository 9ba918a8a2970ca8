"""Finds the language server in a folder of what was downloaded, or installs it there with npm.

package-lock.json names every package by version and checksum: what runs is what was looked at.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from language_server import Fault

HERE = pathlib.Path(__file__).resolve().parent
NAME = "yaml-language-server"
MANIFESTS = ("package.json", "package-lock.json", ".npmrc")
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
           "--fetch-timeout=60000", "--loglevel=error")
SECONDS = 240


class Skipped(Exception):
    """It cannot be had here; the text says why."""


def version() -> str:
    manifest = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    return str(manifest["dependencies"][NAME])


def install(folder: pathlib.Path) -> None:
    """Install beside `folder`, and give it its name when all of it is there: two tests may run at
    once, and one that is stopped leaves nothing that looks whole."""
    if shutil.which("npm") is None:
        raise Skipped(f"{NAME} needs npm; install it with: apt-get install nodejs npm")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = pathlib.Path(tempfile.mkdtemp(prefix="installing-", dir=folder.parent))
    try:
        for manifest in MANIFESTS:
            shutil.copy(HERE / manifest, beside)
        try:
            ended = subprocess.run(INSTALL, cwd=beside, capture_output=True, text=True,
                                   timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Skipped(f"npm has not installed {NAME} within {SECONDS} s") from None
        if "EINTEGRITY" in ended.stderr:
            raise Fault("a package is another than package-lock.json says:\n" + ended.stderr)
        if ended.returncode != 0:
            code = re.search(r"code (\w+)", ended.stderr)
            raise Skipped(f"npm could not install {NAME}: "
                          f"{code.group(1) if code else ended.stderr.strip()[-200:]}")
        try:
            os.rename(beside, folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def server_command(cache: pathlib.Path) -> list[str]:
    """What starts the server; Skipped where there is no Node, no npm or no network."""
    node = shutil.which("node")
    if node is None:
        raise Skipped(f"{NAME} needs Node; install it with: apt-get install nodejs npm")
    folder = cache.resolve() / f"{NAME}-{version()}"
    if not folder.is_dir():
        install(folder)
    program = folder / "node_modules" / NAME / "bin" / NAME
    told = subprocess.run([node, program, "--version"], capture_output=True, text=True, check=False)
    if told.stdout.strip() != version():
        of_node = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        raise Skipped(f"{NAME} {version()} does not run with Node {of_node.stdout.strip()}")
    return [node, str(program), "--stdio"]
