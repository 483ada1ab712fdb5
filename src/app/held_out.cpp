#include "tessera/app/held_out.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <cmath>

#include "tessera/base/profile.hpp"
#include "tessera/tensor/trivial_fills.hpp"

namespace tessera {
namespace {

template <typename T>
HeldOutRow judge(const SparseTensor<T>& held_out, std::string name,
                 const std::vector<double>& predictions) {
    const auto values = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), held_out.values());
    double sums[] = {0.0, 0.0, 0.0};  // of squared errors, of their magnitudes, of squares
    for (std::size_t entry = 0; entry < predictions.size(); ++entry) {
        const auto value = static_cast<double>(values(entry));
        const double error = predictions[entry] - value;
        sums[0] += error * error;
        sums[1] += std::abs(error);
        sums[2] += value * value;
    }
    held_out.communicator().sum_in_place(sums, 3);
    const auto count = static_cast<double>(held_out.entry_count());
    return {std::move(name), std::sqrt(sums[0] / count), sums[1] / count,
            std::sqrt(sums[0] / sums[2])};
}

}  // namespace

template <typename T>
std::vector<HeldOutRow> judge_held_out(const SparseTensor<T>& seen, const SparseTensor<T>& held_out,
                                       const std::vector<double>& predictions) {
    const Phase phase("held out");
    return {judge(held_out, "estimate", predictions),
            judge(held_out, "mean", mean_fill(seen, held_out)),
            judge(held_out, "mode_means", mode_means_fill(seen, held_out)),
            judge(held_out, "nearest", nearest_fill(seen, held_out))};
}

std::vector<std::string> format_held_out(const std::vector<HeldOutRow>& rows) {
    std::vector<std::string> lines;
    if (!rows.empty()) {
        lines.push_back(fmt::format("{:<22} {:>9} {:>9} {:>10}", "entries held out", "RMSE", "MAE",
                                    "rel. error"));
    }
    for (const HeldOutRow& row : rows) {
        const std::string name = row.name == "estimate" ? row.name : "trivial: " + row.name;
        lines.push_back(fmt::format("{:<22} {:>9.4g} {:>9.4g} {:>10.4g}", name, row.rmse, row.mae,
                                    row.relative_error));
    }
    return lines;
}

std::vector<NamedValue> named_held_out(const std::vector<HeldOutRow>& rows) {
    std::vector<NamedValue> values;
    for (const HeldOutRow& row : rows) {
        const std::string suffix = row.name == "estimate" ? "" : "_" + row.name;
        values.emplace_back("held_out_rmse" + suffix, row.rmse);
        values.emplace_back("held_out_mae" + suffix, row.mae);
        values.emplace_back("held_out_relative_error" + suffix, row.relative_error);
    }
    return values;
}

#define TESSERA_INSTANTIATE(T)                          \
    template std::vector<HeldOutRow> judge_held_out<T>( \
        const SparseTensor<T>&, const SparseTensor<T>&, const std::vector<double>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
