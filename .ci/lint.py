#!/usr/bin/env python3
"""clang-tidy over our own source files; headers are checked through them.

usage: .ci/lint.py BUILD_FOLDER

What clang-tidy has passed once is not examined again: the text that it would see (preprocessed, with
comments, because they may silence a check) is remembered by its hash below ~/.cache/tessera/lint.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

BUILD = pathlib.Path(sys.argv[1])
STAMPS = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"),
                      "tessera", "lint")
RULES = (pathlib.Path(".clang-tidy").read_bytes() +
         subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout)


def key(entry):
    words = shlex.split(entry["command"])
    del words[words.index("-o"):words.index("-o") + 2]
    compiler = [word for word in words if not word.endswith("ccache")]
    text = subprocess.run([*compiler, "-E", "-C", "-P"], cwd=entry["directory"],
                          capture_output=True, check=True).stdout
    # Where the tree lies is part of assertions, but not of what is checked.
    for folder in (BUILD.resolve(), pathlib.Path.cwd()):
        text = text.replace(str(folder).encode(), b"")
    return hashlib.sha256(RULES + text).hexdigest()


def examine(entry):
    """The findings of one file; empty where there are none."""
    stamp = STAMPS / key(entry)
    if stamp.exists():
        return ""
    result = subprocess.run(
        ["clang-tidy", "--quiet", "-p", BUILD, "--extra-arg=-Wno-unknown-warning-option",
         entry["file"]], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        stamp.touch()
        return ""
    noise = re.compile(r"^\d+ warnings? (generated|treated)|^$")
    return "\n".join(line for line in (result.stdout + result.stderr).splitlines()
                     if not noise.match(line)) or f"{entry['file']}: clang-tidy failed"


def main():
    STAMPS.mkdir(parents=True, exist_ok=True)
    own = re.compile(r"/src/.*\.cpp$")
    root = pathlib.Path.cwd()
    entries = [entry for entry in json.loads((BUILD / "compile_commands.json").read_text())
               if own.search(entry["file"]) and (root / "src") in
               (pathlib.Path(entry["directory"]) / entry["file"]).resolve().parents]
    if not entries:
        sys.exit("no source file of ours in the build's list of commands")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [text for text in pool.map(examine, entries) if text]
    print("\n".join(findings))
    print(f"{len(entries)} files examined, {len(findings)} with findings")
    sys.exit(bool(findings))


main()
