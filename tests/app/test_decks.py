"""Every deck of inputs/ runs, meets its own [expect], and takes the memory that was predicted."""

import pathlib

from program_case import DATA, SOURCE, Case, main, needs_data, summary

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
        if name and not list(pathlib.Path(DATA).glob(name)):
            return False
    return True


@needs_data
class Decks(Case):
    """A test for each deck; added below."""

    def run_as_it_is(self, deck):
        if tomllib is None:
            self.skipTest("needs Python 3.11's tomllib")
        if not has_data(deck):
            self.skipTest("its data are not below TESSERA_DATA")
        # Exit code 0: everything that [expect] says was met.
        said = summary(self.run_deck(2, deck.read_text(), name=deck.stem))
        self.assertEqual((said["state"], said["missed_expectations"]), ("finished", []))
        measured = said["peak_memory_bytes_per_rank"]
        predicted = said["predicted_peak_memory_bytes_per_rank"]
        self.assertLessEqual(abs(predicted / measured - 1), 0.15,
                             said["memory_high_water_bytes_after"])


for path in DECKS:
    setattr(Decks, f"test_{path.stem}", lambda self, deck=path: self.run_as_it_is(deck))


if __name__ == "__main__":
    main()
