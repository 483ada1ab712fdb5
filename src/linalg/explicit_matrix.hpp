#pragma once

#include <petscmat.h>

#include "tall_operator.hpp"

namespace tessera {

/// The operator entry by entry, for solvers that need it: one product with each unit vector
/// (collective). Rows and columns are in their global order and filled up with zeros to the same
/// number on every rank, because SLEPc's scalapack stumbles over uneven parts; zeros add nothing
/// but values of 0. `matrix` has to be destroyed, also after an Error.
void create_explicit_matrix(const TallOperator& b, Mat& matrix);

/// This rank's columns of a right vector of that matrix, whose local `values` are given
/// (collective).
void copy_explicit_result(const TallOperator& b, Vec vector, const PetscScalar* values,
                          double* target);

}  // namespace tessera
