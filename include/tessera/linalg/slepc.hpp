#pragma once

#include <string>
#include <vector>

namespace tessera {

/// Starts SLEPc and PETSc when they are first needed (collective over all ranks of the job, after
/// Runtime); later calls only add the options. They end with the Runtime. PETSc installs no signal
/// handlers, reads no .petscrc file and prints no error traces.
///
/// `petsc_options` is the deck's `run.petsc_options`, e.g. "-svd_ncv 40 -svd_monitor"; they have
/// the last word over what `distributed_svd` sets. Throws UsageError when it is not a list of
/// options.
void ensure_slepc(const std::string& petsc_options = "");

/// Options of `ensure_slepc` that PETSc and SLEPc have not asked for so far, "-name value":
/// misspelt, or meant for something that was not run.
[[nodiscard]] std::vector<std::string> unused_petsc_options();

/// Logs a warning for each unused option, once. `distributed_svd` does so after each solve.
void report_unused_petsc_options();

}  // namespace tessera
