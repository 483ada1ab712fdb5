#include "explicit_matrix.hpp"

#include <algorithm>
#include <vector>

#include "petsc_errors.hpp"

namespace tessera {

void create_explicit_matrix(const TallOperator& b, Mat& matrix) {
    const Index ranks = b.communicator().size();
    const Index part_rows = (b.rows() + ranks - 1) / ranks;
    const Index part_columns = (b.columns() + ranks - 1) / ranks;
    TESSERA_PETSC(MatCreateDense(b.communicator().handle(), static_cast<PetscInt>(part_rows),
                                 static_cast<PetscInt>(part_columns),
                                 static_cast<PetscInt>(part_rows * ranks),
                                 static_cast<PetscInt>(part_columns * ranks), nullptr, &matrix));
    TESSERA_PETSC(MatSetOption(matrix, MAT_ROW_ORIENTED, PETSC_FALSE));
    std::vector<PetscInt> rows;
    for (Index i = 0; i < b.local_rows(); ++i) {
        rows.push_back(static_cast<PetscInt>(b.global_row(i)));
    }
    std::vector<Index> owned(static_cast<std::size_t>(b.columns()), -1);
    for (Index j = 0; j < b.local_columns(); ++j) {
        owned[static_cast<std::size_t>(b.global_column(j))] = j;
    }
    std::vector<double> unit(static_cast<std::size_t>(b.local_columns()), 0.0);
    std::vector<double> values(static_cast<std::size_t>(b.local_rows()));
    for (PetscInt column = 0; column < b.columns(); ++column) {
        const Index mine = owned[static_cast<std::size_t>(column)];
        std::fill(unit.begin(), unit.end(), 0.0);
        if (mine >= 0) {
            unit[static_cast<std::size_t>(mine)] = 1.0;
        }
        b.apply(unit.data(), values.data());
        TESSERA_PETSC(MatSetValues(matrix, static_cast<PetscInt>(rows.size()), rows.data(), 1,
                                   &column, values.data(), INSERT_VALUES));
        // Entries on their way to other ranks must not pile up.
        if (column % 64 == 63) {
            TESSERA_PETSC(MatAssemblyBegin(matrix, MAT_FLUSH_ASSEMBLY));
            TESSERA_PETSC(MatAssemblyEnd(matrix, MAT_FLUSH_ASSEMBLY));
        }
    }
    TESSERA_PETSC(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
    TESSERA_PETSC(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
}

void copy_explicit_result(const TallOperator& b, Vec vector, const PetscScalar* values,
                          double* target) {
    PetscInt begin = 0;
    PetscInt end = 0;
    PetscInt size = 0;
    TESSERA_PETSC(VecGetOwnershipRange(vector, &begin, &end));
    TESSERA_PETSC(VecGetSize(vector, &size));
    std::vector<double> whole(static_cast<std::size_t>(size), 0.0);
    std::copy_n(values, end - begin, whole.begin() + begin);
    b.communicator().sum_in_place(whole.data(), size);
    for (Index j = 0; j < b.local_columns(); ++j) {
        target[j] = whole[static_cast<std::size_t>(b.global_column(j))];
    }
}

}  // namespace tessera
