"""Every deck of inputs/ runs, meets its own [expect], and takes the memory that was predicted."""

import pathlib

from program_case import DATA, SOURCE, Case, at_ranks, main, summary

try:
    import tomllib
except ImportError:  # Python 3.10
    tomllib = None

DECKS = sorted((SOURCE / "inputs").glob("*.toml"))


def has_data(deck):
    """Whether the data that a deck names are there, or it needs none."""
    data = tomllib.loads(deck.read_text())["data"]
    for key in ("path", "test"):
        name = data.get(key, "").split(":")[0]
        if name and not (DATA and list(pathlib.Path(DATA).glob(name))):
            return False
    return True


class DeckCase(Case):
    """How a deck is run and judged."""

    def run_as_it_is(self, deck, ranks):
        if tomllib is None:
            self.skipTest("needs Python 3.11's tomllib")
        if not has_data(deck):
            self.skipTest("its data are not below TESSERA_DATA")
        # Exit code 0: everything that [expect] says was met.
        said = summary(self.run_deck(ranks, deck.read_text(), name=deck.stem))
        self.assertEqual((said["state"], said["missed_expectations"]), ("finished", []))
        measured = said["peak_memory_bytes_per_rank"]
        predicted = said["predicted_peak_memory_bytes_per_rank"]
        self.assertLessEqual(abs(predicted / measured - 1), 0.15,
                             said["memory_high_water_bytes_after"])


def test_of(deck):
    return at_ranks(1, 2)(lambda self, ranks: self.run_as_it_is(deck, ranks))


# A test for each deck.
Decks = type("Decks", (DeckCase,), {f"test_{deck.stem}": test_of(deck) for deck in DECKS})


if __name__ == "__main__":
    main()
