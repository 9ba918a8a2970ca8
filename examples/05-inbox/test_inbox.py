"""Runs the portal beside the dispatcher, as two processes."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Inbox(unittest.TestCase):
    def test_the_portal_files_with_sql_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            database = str(pathlib.Path(folder) / "town.db")
            dispatcher = subprocess.Popen(
                [sys.executable, HERE / "dispatcher.py", database,
                 HERE.parent / "town" / "composteur.yaml"], stdout=subprocess.PIPE, text=True)
            try:
                self.assertEqual(dispatcher.stdout.readline().strip(), "ready")
                portal = subprocess.run([sys.executable, HERE / "portal.py", database],
                                        capture_output=True, text=True, check=False, timeout=60)
                self.assertEqual(portal.returncode, 0, portal.stdout + portal.stderr)
                self.assertIn("nothing was filed", portal.stdout)
                self.assertIn("COMPOSTEUR-", dispatcher.stdout.readline())
            finally:
                dispatcher.terminate()
                self.assertEqual(dispatcher.wait(timeout=20), 0)
                dispatcher.stdout.close()


if __name__ == "__main__":
    unittest.main()
