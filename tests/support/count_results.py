#!/usr/bin/env python3
"""Counts the test cases of a run: "N passed, M failed, K skipped", exit code 1 when M > 0.

usage: count_results.py FOLDER

FOLDER holds ctest.xml (JUnit, one entry per program and number of ranks) and, for each entry that is
a GoogleTest program, a report <entry>.json with its single cases. An entry without a report, because
it is something else or died before it could write one, counts as one case.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as xml


def cases_of(report):
    """(passed, failed, skipped) of a GoogleTest JSON report."""
    passed = failed = skipped = 0
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("failures"):
                failed += 1
            elif case.get("result") == "SKIPPED":
                skipped += 1
            elif case.get("status") == "RUN":
                passed += 1
    return passed, failed, skipped


def count(folder):
    total = [0, 0, 0]
    for entry in xml.parse(folder / "ctest.xml").getroot().iter("testcase"):
        verdict = entry.get("status")  # run, fail, notrun, disabled
        report = folder / (entry.get("name").replace("/", ".") + ".json")
        try:
            cases = cases_of(json.loads(report.read_text()))
        except (OSError, ValueError, KeyError):
            cases = (0, 0, 0)
        if verdict == "fail" and cases[1] == 0:
            # It failed outside of any case: a crash, a time limit, a failure at the end.
            cases = (cases[0], 1, cases[2])
        elif sum(cases) == 0:
            skipped = verdict != "run" or entry.find("skipped") is not None
            cases = (0, 0, 1) if skipped else (1, 0, 0)
        total = [a + b for a, b in zip(total, cases)]
    return total


def main():
    passed, failed, skipped = count(pathlib.Path(sys.argv[1]))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
