"""Checkpoints that are damaged, or that belong to another deck."""

import os
import pathlib
import shutil
import tempfile

from program_case import Case, arrays, main

DECK = """
[data]
scene = "hyperspectral"
scene_shape = [48, 48, 30]
[[corrupt]]
kind = "missing"
keep = 0.3
[method]
name = "svd"
truncation = "rank"
rank = 4
imputation_tolerance = 3e-3
[run]
checkpoint.steps = 1
[output]
pictures = false
"""


def damage(path):
    """Turns over bytes in the middle of the file: of the scores, the largest member."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        old = file.read(64)
        file.seek(-len(old), os.SEEK_CUR)
        file.write(bytes(byte ^ 0xFF for byte in old))


class BadCheckpoint(Case):
    finished = None

    def setUp(self):
        super().setUp()
        self.run_folder = self.folder / "run"
        if self.finished is None:
            type(self).finished = pathlib.Path(tempfile.mkdtemp(prefix="tessera-finished-")) / "run"
            self.addClassCleanup(shutil.rmtree, self.finished.parent)
            shutil.move(self.run_deck(2, DECK), self.finished)
        # A run that has finished leaves its last two checkpoints; the marker makes it unfinished.
        shutil.copytree(self.finished, self.run_folder)
        self.expected = arrays(self.finished)
        (self.run_folder / "result.h5").unlink()
        (self.run_folder / ".incomplete").touch()
        files = (self.run_folder / "checkpoint").glob("?.h5")
        self.older, self.newer = sorted(files, key=lambda path: path.stat().st_mtime_ns)

    def resume(self):
        return self.tessera(2, "resume", self.run_folder)

    def assert_refused(self, code, *words):
        before = {path: path.read_bytes() for path in (self.older, self.newer)}
        outcome = self.resume()
        self.assertEqual(outcome.code, code, outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        for word in words:
            self.assertIn(word, outcome.errors[0])
        self.assertFalse((self.run_folder / "result.h5").exists())
        self.assertEqual(list(self.folder.rglob("*.partial")), [])
        self.assertEqual({path: path.read_bytes() for path in before}, before)

    def assert_goes_on_from_the_older(self, *words):
        outcome = self.resume()
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(len(outcome.warnings), 1, outcome)
        for word in (self.newer.name, "going on from", self.older.name, *words):
            self.assertIn(word, outcome.warnings[0])
        found = arrays(self.run_folder)
        for name, values in self.expected.items():
            self.assertEqual(found[name].tobytes(), values.tobytes(), name)

    def test_newer_damaged(self):
        damage(self.newer)
        self.assert_goes_on_from_the_older("checksum")

    def test_newer_cut_short(self):
        os.truncate(self.newer, self.newer.stat().st_size // 2)
        self.assert_goes_on_from_the_older()

    def test_newer_empty(self):
        os.truncate(self.newer, 0)
        self.assert_goes_on_from_the_older()

    def test_older_damaged_does_not_matter(self):
        damage(self.older)
        outcome = self.resume()
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.warnings, [])

    def test_both_damaged(self):
        damage(self.newer)
        os.truncate(self.older, 100)
        self.assert_refused(3, "no valid checkpoint", self.older.name, self.newer.name, "checksum")

    def test_deck_was_changed(self):
        path = self.run_folder / "deck.toml"
        path.write_text(path.read_text().replace("rank = 4", "rank = 5")
                        .replace("keep = 0.3", "keep = 0.4"))
        self.assert_refused(2, "another deck", "method.rank (was 4, is 5)",
                            "corrupt.0.keep (was 0.3, is 0.4)")

    def test_checkpoint_of_another_run(self):
        other = self.run_deck(2, DECK.replace('name = "svd"', 'name = "svd"\nwhiten = true'),
                              name="other")
        for path in (self.older, self.newer):
            shutil.copy(other / "checkpoint" / path.name, path)
        self.assert_refused(2, "another deck", "method.whiten (was true, is false)")


if __name__ == "__main__":
    main()
