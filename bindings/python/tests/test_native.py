"""The structures are as the C compiler lays them out: GREFFE_SIZES names the program that tells."""

import ctypes
import os
import subprocess
import unittest

from greffe import _native


class Layout(unittest.TestCase):
    def test_structures_are_as_in_c(self):
        program = os.environ.get("GREFFE_SIZES")
        if program is None:
            self.skipTest("GREFFE_SIZES names no program")
        told = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        lines = [line.split() for line in told.splitlines()]
        self.assertGreater(len(lines), 25)
        for what, size in lines:
            name, _, member = what.partition(".")
            ours = getattr(_native, "".join(part.capitalize() for part in name.split("_")))
            found = getattr(ours, member).offset if member else ctypes.sizeof(ours)
            self.assertEqual(found, int(size), what)


if __name__ == "__main__":
    unittest.main()
