#pragma once

#include <petscsys.h>

namespace tessera {

/// Turns the failure of a PETSc or SLEPc call into an Error with the library's own first sentence:
/// MemoryError where memory ran out, UsageError for an option or size that it refuses,
/// ConvergenceError for the rest.
void check_petsc(PetscErrorCode code, const char* call);

}  // namespace tessera

#define TESSERA_PETSC(call) ::tessera::check_petsc((call), #call)
