"""Pictures: of every procedure here and of random ones, nothing lies on anything else.

    GREFFE=path/to/greffe python3 test/scenario/picture_test.py

Boxes do not meet; no line crosses a box, nor runs on another line; no word lies on a box or on
another word.
"""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREFFE = os.path.abspath(os.environ["GREFFE"])
NAME = "{http://www.w3.org/2000/svg}"
sys.path.insert(0, str(ROOT / "test" / "oracle"))
from prove_make import AUTHORITY, Generator, Writer  # noqa: E402


def draw(path, *words):
    return subprocess.run([GREFFE, "graph", str(path), "--format", "svg", *words], check=False,
                          capture_output=True, text=True, encoding="utf-8", timeout=60)


def boxes_of(root):
    """Left, top, right, bottom of each step's box."""
    boxes = []
    for group in root.iter(NAME + "g"):
        box = group.find(NAME + "rect")
        x, y = float(box.get("x")), float(box.get("y"))
        boxes.append((x, y, x + float(box.get("width")), y + float(box.get("height"))))
    return boxes


def lines_of(root):
    """The corners of each line."""
    lines = []
    for path in root.iter(NAME + "path"):
        if "way" not in (path.get("class") or "").split():
            continue
        points = []
        for mark, numbers in re.findall(r"([MHV])([-\d. ]+)", path.get("d")):
            values = [float(one) for one in numbers.split()]
            if mark == "M":
                points.append(tuple(values))
            elif mark == "H":
                points.append((values[0], points[-1][1]))
            else:
                points.append((points[-1][0], values[0]))
        lines.append(points)
    return lines


def words_of(root):
    """The places of the words at lines; a letter is at most as wide as the drawing takes it."""
    words = []
    for text in root.iter(NAME + "text"):
        if "label" in (text.get("class") or "").split():
            x, y = float(text.get("x")), float(text.get("y"))
            words.append((x, y - 9, x + 5.2 * len(text.text), y + 3))
    return words


def meet(a, b, room=0.0):
    return a[0] < b[2] - room and b[0] < a[2] - room and a[1] < b[3] - room and b[1] < a[3] - room


def crosses(box, one, other):
    low, high = sorted((one, other))
    part = (min(low[0], high[0]), min(low[1], high[1]), max(low[0], high[0]), max(low[1], high[1]))
    return part[0] < box[2] - 1 and box[0] + 1 < part[2] + 0.01 and \
        part[1] < box[3] - 1 and box[1] + 1 < part[3] + 0.01


def on_each_other(a, b):
    """Whether two parts of lines run on one another for more than a touch."""
    for along in (0, 1):
        across = 1 - along
        if a[0][across] == a[1][across] and b[0][across] == b[1][across] and \
                abs(a[0][across] - b[0][across]) < 1.5:
            low = max(min(a[0][along], a[1][along]), min(b[0][along], b[1][along]))
            high = min(max(a[0][along], a[1][along]), max(b[0][along], b[1][along]))
            if high - low > 2:
                return True
    return False


def faults(text):
    root = tree.fromstring(text)
    boxes, lines, words = boxes_of(root), lines_of(root), words_of(root)
    found = []
    for i, box in enumerate(boxes):
        found += [f"two boxes at {box}" for other in boxes[:i] if meet(box, other)]
        found += [f"a word on a box at {box}" for word in words if meet(box, word, 1)]
        found += [f"a line through a box at {box}" for line in lines
                  for one, other in zip(line, line[1:]) if crosses(box, one, other)]
    for i, word in enumerate(words):
        found += [f"two words at {word}" for other in words[:i] if meet(word, other, 1)]
    parts = [(i, part) for i, line in enumerate(lines) for part in zip(line, line[1:])]
    for i, (owner, part) in enumerate(parts):
        found += [f"two lines at {part}" for other, with_it in parts[:i]
                  if other != owner and on_each_other(part, with_it)]
    return boxes, lines, found


class Pictures(unittest.TestCase):
    """Nothing overlaps."""

    def look(self, path):
        answer = draw(path)
        if answer.returncode == 1:
            return 0
        self.assertEqual(answer.returncode, 0, answer.stderr)
        boxes, lines, found = faults(answer.stdout)
        self.assertEqual(found[:5], [], path)
        self.assertGreater(len(boxes), 1)
        self.assertGreater(len(lines), 0)
        return 1

    def test_every_procedure_here(self):
        count = 0
        for folder in ("workflows", "examples", "test/scenario", "test/golden/faulty"):
            for path in sorted((ROOT / folder).rglob("*.yaml")):
                text = path.read_text(encoding="utf-8")
                if re.search(r"^procedure: [a-z]", text, re.MULTILINE) and \
                        not re.search(r"^scenario:", text, re.MULTILINE):
                    with self.subTest(path.name):
                        count += self.look(path)
        print(f"{count} procedures drawn")
        self.assertGreater(count, 60)

    def test_random_ones(self):
        count = 0
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "aut.yaml").write_text(AUTHORITY, encoding="utf-8")
            (folder / "letters").mkdir()
            (folder / "letters" / "a.txt").write_text("Objet: o\n\nTexte\n", encoding="utf-8")
            for number in range(150):
                procedure = Generator(random.Random(f"pictures/{number}")).procedure()
                path = folder / "p.yaml"
                path.write_text(Writer(procedure).text, encoding="utf-8")
                with self.subTest(number):
                    count += self.look(path)
        print(f"{count} random procedures drawn")
        self.assertGreater(count, 20)

    def test_a_fault_is_noticed(self):
        text = draw(ROOT / "workflows" / "gpso-velo" / "velo.yaml").stdout
        moved = re.sub(r'(<rect x=")([\d.]+)(" y=")[\d.]+', r"\g<1>100\g<3>150", text)
        self.assertNotEqual(faults(moved)[2], [])

    def test_other_forms(self):
        velo = ROOT / "workflows" / "gpso-velo" / "velo.yaml"
        mermaid = subprocess.run([GREFFE, "graph", str(velo), "--format", "mermaid"], check=False,
                                 capture_output=True, text=True, encoding="utf-8").stdout
        self.assertTrue(mermaid.startswith("flowchart TD\n"))
        self.assertIn('-.->|"vaut rejet"| ', mermaid)
        wrong = subprocess.run([GREFFE, "graph", str(velo), "--format", "png"], check=False,
                               capture_output=True, text=True, encoding="utf-8")
        self.assertEqual(wrong.returncode, 2)


if __name__ == "__main__":
    unittest.main()
