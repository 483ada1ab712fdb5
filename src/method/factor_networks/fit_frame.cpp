#include "tessera/method/factor_networks/fit_frame.hpp"

#include <fmt/format.h>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

using Validation = FactorNetworksOptions::Validation;

void check_list(const FitFrame& frame, const FactorLayout& layout,
                const FactorNetworksOptions& options, Validation validation) {
    const std::pair<bool, const char*> given[] = {
        {validation == Validation::split, "method.validation = \"split\""},
        {validation == Validation::discrepancy, "method.validation = \"discrepancy\""},
        {options.loss == EntryLoss::Kind::poisson, "method.loss = \"poisson\""},
        {layout.basis.has_value(), "method.basis = \"svd\""},
        {layout.factors.size() < 2, "method.contraction = \"full\""},
        {options.outliers, "method.outliers"}};
    for (const auto& [is_given, name] : given) {
        if (is_given) {
            throw UsageError(fmt::format(
                "{} does not work on a list of entries (data.absent is stated): leave it out",
                name));
        }
    }
    double positions = 1.0;
    for (int mode = 0; mode < frame.partition.order(); ++mode) {
        positions *= static_cast<double>(frame.partition.shape()[mode]);
    }
    if (positions >= 0x1p63) {
        throw UsageError(fmt::format(
            "method factor_networks numbers the positions of a tensor with 63 bits, and {} are too "
            "many: use method cp",
            frame.partition.shape().to_string()));
    }
}

}  // namespace

void check_frame(const FitFrame& frame, const FactorLayout& layout,
                 const FactorNetworksOptions& options, Validation validation) {
    if (!frame.dense) {
        check_list(frame, layout, options, validation);
    }
    if (layout.basis && (!frame.complete || validation == Validation::held_out)) {
        throw UsageError(
            "method.basis = \"svd\" needs data of which no entry is missing or held out: leave "
            "method.basis at \"network\", or, where nothing is missing, state data.noise and its "
            "level or take another method.validation");
    }
    check_extents(layout, frame.partition.shape(), frame.axes, options.generator);
    check_grid(layout, frame.partition.grid().dims(), frame.axes);
}

}  // namespace tessera
