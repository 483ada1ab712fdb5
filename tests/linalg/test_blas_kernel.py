"""The choice of the BLAS kernel: whether the program starts itself again, and only when it should.

Usage: test_blas_kernel.py PROBE. Exit code 77: this machine cannot show it (no AVX-512 or no OpenBLAS
with a choice of kernels).
"""

import os
import re
import subprocess
import sys

PROBE = sys.argv[1]
FLAGS = {"avx512f", "avx512cd", "avx512dq", "avx512bw", "avx512vl"}


def run(arguments, **environment):
    names = ("OPENBLAS_CORETYPE", "TESSERA_BLAS_KERNEL_CHOSEN")
    base = {k: v for k, v in os.environ.items() if k not in names}
    done = subprocess.run([PROBE, *arguments], env={**base, **environment}, text=True,
                          stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == 7, done
    description, life, *rest = done.stdout.splitlines()
    assert rest == arguments, (rest, arguments)
    kernel = re.fullmatch(r"OpenBLAS [\d.]+\S*, kernel (\w+), \d+ threads?", description)
    return (kernel.group(1) if kernel else None), life, description


def processor_has_avx512():
    with open("/proc/cpuinfo") as file:
        flags = next((line for line in file if line.startswith("flags")), "")
    return FLAGS <= set(flags.split())


kernel, life, description = run([])
print("as it comes:", description)
if kernel is None:
    print("not OpenBLAS: nothing to choose")
    sys.exit(77)

# A user's own setting stands, whatever the processor.
kernel, life, _ = run([], OPENBLAS_CORETYPE="Haswell")
assert (kernel, life) == ("Haswell", "first"), (kernel, life)

# An AVX2 kernel that nobody asked for is replaced where the processor has AVX-512; arguments,
# spaces and all, and the exit code survive.
arguments = ["forget", "two words", "", "--flag=x"]
kernel, life, _ = run(arguments, OPENBLAS_CORETYPE="Haswell")
if not processor_has_avx512():
    assert (kernel, life) == ("Haswell", "first"), (kernel, life)
    print("no AVX-512 here")
    sys.exit(77)
assert (kernel, life) == ("SkylakeX", "second"), (kernel, life)

# Never twice, and not when an AVX-512 kernel runs already.
kernel, life, _ = run(["forget"], OPENBLAS_CORETYPE="Haswell", TESSERA_BLAS_KERNEL_CHOSEN="1")
assert (kernel, life) == ("Haswell", "second"), (kernel, life)
kernel, life, _ = run(["forget"], OPENBLAS_CORETYPE="SkylakeX")
assert (kernel, life) == ("SkylakeX", "first"), (kernel, life)
print("ok")
