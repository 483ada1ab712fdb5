#pragma once

#include <string>
#include <vector>

#include "tessera/method/method.hpp"

namespace tessera {

/// Errors of predictions on entries that the method has not seen.
struct HeldOutRow {
    std::string name;  ///< "estimate", "mean", "mode_means", "nearest"
    double rmse = 0.0;
    double mae = 0.0;
    double relative_error = 0.0;  ///< norm of the errors / norm of the entries
};

/// The errors of the method's predictions of `held_out` and, beside them, of the trivial fills from
/// the entries that it has seen (see trivial_fills.hpp). Collective.
template <typename T>
[[nodiscard]] std::vector<HeldOutRow> judge_held_out(const SparseTensor<T>& seen,
                                                     const SparseTensor<T>& held_out,
                                                     const std::vector<double>& predictions);

/// The table as text, a line each; empty without rows.
[[nodiscard]] std::vector<std::string> format_held_out(const std::vector<HeldOutRow>& rows);

/// For summary.json and [expect]: "held_out_rmse", "held_out_mae", "held_out_relative_error", and
/// "held_out_rmse_mean" and so on for the fills.
[[nodiscard]] std::vector<NamedValue> named_held_out(const std::vector<HeldOutRow>& rows);

}  // namespace tessera
