"""`tessera schema`: a valid JSON schema that accepts every deck the program accepts."""

import datetime
import json
import tomllib
import unittest

from program_case import SOURCE, Case, main

try:
    import jsonschema
except ImportError:
    jsonschema = None

# Mistakes that only the program can see: they lie in the relation of keys, or in TOML itself.
BEYOND_A_SCHEMA = {"rule_broken", "expectation_reversed", "not_finite"}


def plain(value):
    """TOML has times, JSON has not."""
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value


@unittest.skipUnless(jsonschema, "python3-jsonschema is not installed")
class Schema(Case):
    def setUp(self):
        super().setUp()
        outcome = self.tessera(1, "schema")
        self.assertEqual((outcome.code, outcome.stderr), (0, ""), outcome)
        self.schema = json.loads(outcome.stdout)
        self.validator = jsonschema.Draft7Validator(self.schema)

    def accepts(self, text):
        return self.validator.is_valid(plain(tomllib.loads(text)))

    def assert_accepted(self, text, name):
        deck = plain(tomllib.loads(text))
        self.assertEqual([e.message for e in self.validator.iter_errors(deck)], [], name)

    def methods(self):
        return [variant["title"] for variant in
                self.schema["properties"]["method"]["anyOf"] if "title" in variant]

    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.assertIn("draft-07", self.schema["$schema"])

    def test_decks_of_the_repository(self):
        decks = sorted((SOURCE / "inputs").glob("*.toml"))
        self.assertGreater(len(decks), 3)
        for deck in decks:
            self.assert_accepted(deck.read_text(), deck.name)

    def test_templates_and_resolved_decks(self):
        for method in self.methods():
            for task in ("denoise", "complete"):
                outcome = self.tessera(1, "template", method, "--task", task)
                self.assertEqual(outcome.code, 0, outcome)
                self.assert_accepted(outcome.stdout, f"{method} {task}")
        run = self.run_deck(1, """
[data]
scene = "hyperspectral"
scene_shape = [8, 7, 6]
[[corrupt]]
kind = "gaussian"
sigma = 0.05
[method]
name = "svd"
[output]
pictures = false
""")
        # Every key with its default.
        self.assert_accepted((run / "deck.resolved.toml").read_text(), "deck.resolved.toml")

    def test_misspelt_keys(self):
        deck = '[data]\nscene = "hyperspectral"\n[method]\nname = "svd"\n'
        self.assertTrue(self.accepts(deck))
        self.assertTrue(self.accepts(deck + '[run]\ntime_limit = 01:50:00\n'))
        self.assertTrue(self.accepts(deck + '[run.checkpoint]\nevery = "5 min"\n'))
        self.assertTrue(self.accepts(deck + '[x-old]\nanything = 1\n'))
        self.assertTrue(self.accepts(deck + '[truth]\nenabled = false\nanything = 1\n'))
        self.assertTrue(self.accepts(deck + '[expect]\npsnr = { min = 30 }\n'))
        self.assertTrue(self.accepts(deck + '[sweep]\n"method.rank" = [3, 5]\nonly = 1\n'))
        self.assertTrue(self.accepts(deck + '[sweep]\nrun.seed = [1, 2]\n'))
        for wrong in ('rnk = 3\n', 'rank = 0\n', 'rank = "three"\n', 'truncation = "rnk"\n',
                      '[run]\ncheckpoint = { evry = "5 min" }\n', '[run]\ntime_limit = 30\n',
                      '[expect]\npsrn = { min = 30 }\n', '[expect]\npsnr = 30\n',
                      '[paralel]\ngrid = [1]\n', '[[corrupt]]\nkind = "gausian"\n',
                      '[[corrupt]]\nkind = "gaussian"\npeak = 500.0\n', '[sweep]\na = 1\n'):
            self.assertFalse(self.accepts(deck + wrong), wrong)

    def test_bad_decks(self):
        refused = 0
        for path in sorted((SOURCE / "inputs" / "bad").glob("*.toml")):
            if path.stem in BEYOND_A_SCHEMA or path.stem.startswith(("syntax", "duplicate")):
                continue
            self.assertFalse(self.accepts(path.read_text()), path.name)
            refused += 1
        self.assertGreater(refused, 10)


if __name__ == "__main__":
    main()
