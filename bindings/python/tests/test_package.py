"""The wheel and the source archive are built without a network, and the wheel works where it is
unpacked."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ("import sys, setuptools.build_meta as build; out = sys.argv[1]; "
         "print(build.build_wheel(out)); print(build.build_sdist(out))")


def builder() -> str | None:
    """A Python that has what builds packages: this one, or the system's."""
    for python in (sys.executable, "/usr/bin/python3"):
        asked = subprocess.run([python, "-c", "import setuptools, wheel"], capture_output=True,
                               check=False)
        if asked.returncode == 0:
            return python
    return None


class Package(unittest.TestCase):
    def test_wheel_and_archive(self):
        python = builder()
        if python is None:
            self.skipTest("no Python here has setuptools and wheel")
        with tempfile.TemporaryDirectory() as folder:
            source, out = pathlib.Path(folder) / "source", pathlib.Path(folder) / "out"
            shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("__pycache__", "build"))
            out.mkdir()
            subprocess.run([python, "-c", BUILD, str(out)], cwd=source, check=True,
                           capture_output=True)
            wheel = out / "greffe-0.1.0-py3-none-any.whl"
            self.assertTrue((out / "greffe-0.1.0.tar.gz").exists())
            shutil.unpack_archive(wheel, out / "site", "zip")
            self.assertTrue((out / "site" / "greffe" / "py.typed").exists())
            environment = {**os.environ, "PYTHONPATH": str(out / "site")}
            said = subprocess.run(
                [sys.executable, "-c", "import greffe; print(greffe.__version__, greffe.__file__)"],
                env=environment, cwd=folder, check=True, capture_output=True, text=True).stdout
            self.assertIn("0.1.0", said)
            self.assertIn(str(out / "site"), said)


if __name__ == "__main__":
    unittest.main()
