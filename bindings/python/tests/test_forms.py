"""The suite over all forms of the interface, from Python: GREFFE_FORMS names the program that plays
it in C, and prints the script and the seal."""

import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import greffe
from greffe import _native


class Forms(unittest.TestCase):
    def test_the_same_commands_make_the_same_journals(self):
        program = os.environ.get("GREFFE_FORMS")
        if program is None:
            self.skipTest("GREFFE_FORMS names no program")
        told = subprocess.run([program, "script"], capture_output=True, check=True).stdout
        script = json.loads(told)
        self.assertGreater(len(script["commands"]), 10)
        with tempfile.TemporaryDirectory() as folder:
            seal, statuses = self.play(script, pathlib.Path(folder) / "greffe.db")
        self.assertEqual(statuses, [one["status"] for one in script["commands"]])
        self.assertEqual(seal, script["seal"])

    def play(self, script, path):
        state = [script["random"]]

        def random(_data, out, size):
            """The generator that the tests in C are given."""
            for index in range(size):
                state[0] = (state[0] * 6364136223846793005 + 1442695040888963407) % 2**64
                out[index] = state[0] >> 56
            return 0

        now = datetime.datetime.fromtimestamp(script["now_ms"] / 1000, datetime.timezone.utc)
        options = _native.EngineOptions()
        options.random = _native.RANDOM(random)
        statuses = []
        with greffe.Engine(path, clock=lambda: now, alone=True, options=options) as engine:
            engine.publish(greffe.Plan.from_bundle(bytes.fromhex(script["bundle"])))
            for one in script["commands"]:
                actor = greffe.Actor(one["subject"], one["kind"], services=one["services"])
                try:
                    engine.execute(one["verb"], one["stream"], key=one["key"], actor=actor,
                                   args=one["args"])
                    statuses.append("ok")
                except greffe.GreffeError as refused:
                    statuses.append(refused.status)
            engine.run()
            verified = engine.verify()
        self.assertEqual(verified.faults, [])
        return verified.seal, statuses


if __name__ == "__main__":
    unittest.main()
