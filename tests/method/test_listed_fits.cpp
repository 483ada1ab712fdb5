// Fits of lists of entries: the same as fits of the array whose other entries are missing.

#include <gtest/gtest.h>

#include "../tensor/sparse_tensors.hpp"
#include "factor_networks_cases.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/sparse_assembly.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Form> forms = {
    {Contraction::matrix, {9, 7}, {"a", "b"}},
    {Contraction::image, {6, 5, 4}, {"rows", "cols", "bands"}},
    {Contraction::cp, {4, 5, 6}, {"a", "b", "c"}},
    {Contraction::tucker, {4, 5, 6}, {"a", "b", "c"}},
};

/// The entries that `problem_on` observes of a share, or all of them, on every rank.
CoordinateList<double> entries_of_form(const Form& form, double share) {
    const std::vector<double> entries = low_rank_entries(form.shape, 2, 5);
    const std::vector<std::uint8_t> seen = some_observed(form.shape, share);
    CoordinateList<double> list;
    list.positions.resize(form.axes.size());
    for (Index i = 0; i < form.shape.product(); ++i) {
        if (seen[static_cast<std::size_t>(i)] == 0) {
            continue;
        }
        const std::vector<Index> position = row_major_position(i, form.shape).to_vector();
        for (std::size_t mode = 0; mode < position.size(); ++mode) {
            list.positions[mode].push_back(static_cast<std::uint32_t>(position[mode]));
        }
        list.values.push_back(entries[static_cast<std::size_t>(i)]);
    }
    return list;
}

/// The observed ones on a grid with cuts of its own.
SparseProblem<double> list_of(Dice& dice, const Form& form) {
    const Extents grid = random_grid(dice, form.shape.order(), rank_count());
    return {assemble(Communicator::world(), "list", form.shape,
                     own_part(entries_of_form(form, 0.6)), grid)
                .tensor,
            Absent::missing, form.axes};
}

/// Largest distance of predictions from the entries of the whole tensor, over all ranks.
double distance(const FactorNetworksMethod<double>& method, const SparseTensor<double>& at,
                const std::vector<double>& entries) {
    const std::vector<double> found = method.predict(at);
    const SparseCoordinates coordinates = at.coordinates();
    double worst = 0.0;
    for (Index entry = 0; entry < at.local_count(); ++entry) {
        Extents position = at.shape();
        for (int mode = 0; mode < at.order(); ++mode) {
            position[mode] = at.box().begin[mode] + coordinates(mode, entry);
        }
        const auto number = static_cast<std::size_t>(row_major_offset(position, at.shape()));
        worst = std::max(worst, std::abs(found[static_cast<std::size_t>(entry)] - entries[number]));
    }
    return Communicator::world().max(worst);
}

TEST(ListedFits, AreThoseOfTheArrayWhoseOtherEntriesAreMissing) {
    Dice dice(41);
    for (const Form& form : forms) {
        for (const Validation validation :
             {Validation::none, Validation::held_out, Validation::moving_variance}) {
            FactorNetworksOptions options = free_options(form.contraction, 5);
            options.validation = validation;
            options.validation_share = 0.3;
            const Problem<double> array = problem_on(alone_on(form.shape), form.axes, 0.6);
            const SparseProblem<double> list = list_of(dice, form);
            FactorNetworksMethod<double> of_array(array, options, 3);
            FactorNetworksMethod<double> of_list(list, options, 3);
            run(of_array);
            run(of_list);
            for (std::size_t i = 0; i < of_array.report().size(); ++i) {
                EXPECT_NEAR_ALL_RANKS(of_list.report()[i].second, of_array.report()[i].second,
                                      1e-10)
                    << form.shape.to_string() << of_array.report()[i].first;
            }
            // The list knows its model at any entry, also at those that it has not seen.
            const SparseTensor<double> all =
                assemble("all", list.observation.partition(), own_part(entries_of_form(form, 1.1)))
                    .tensor;
            EXPECT_NEAR_ALL_RANKS(distance(of_list, all, to_host(of_array.estimate().block())), 0.0,
                                  1e-10)
                << form.shape.to_string();
        }
    }
}

TEST(ListedFits, GoOnBitwiseFromASavedState) {
    Dice dice(42);
    const Form& form = forms[2];
    const SparseProblem<double> list = list_of(dice, form);
    FactorNetworksOptions options = free_options(form.contraction, 6);
    options.validation = Validation::held_out;
    options.validation_share = 0.3;
    FactorNetworksMethod<double> whole(list, options, 3);
    FactorNetworksMethod<double> half(list, options, 3);
    for (int step = 0; step < 3; ++step) {
        half.step();
    }
    MemoryArchive archive;
    half.serialise(archive);
    archive.rewind_for_loading();
    FactorNetworksMethod<double> other(list, options, 3);
    other.serialise(archive);
    run(whole);
    run(other);
    EXPECT_ALL_RANKS(whole.predict(list.observation) == other.predict(list.observation));
}

TEST(ListedFits, RefuseWhatNeedsTheWholeTensor) {
    Dice dice(43);
    const Form& form = forms[2];
    const SparseProblem<double> list = list_of(dice, form);
    const auto refuses = [&](auto change, const std::string& name) {
        FactorNetworksOptions options = free_options(form.contraction, 5);
        change(options);
        try {
            const FactorNetworksMethod<double> method(list, options, 3);
        } catch (const UsageError& error) {
            return std::string(error.what()).find(name) != std::string::npos;
        }
        return false;
    };
    using Options = FactorNetworksOptions;
    EXPECT_ALL_RANKS(refuses([](Options& o) { o.validation = Validation::split; }, "split"));
    EXPECT_ALL_RANKS(
        refuses([](Options& o) { o.validation = Validation::discrepancy; }, "discrepancy"));
    EXPECT_ALL_RANKS(refuses([](Options& o) { o.contraction = Contraction::full; }, "full"));
    EXPECT_ALL_RANKS(refuses([](Options& o) { o.outliers = true; }, "outliers"));
}

TEST(ListedFits, RefuseMorePositionsThanNumbers) {
    constexpr Index extent = Index{1} << 22;
    const Extents shape{extent, extent, extent};
    const Communicator self = Communicator::world().split(own_rank(), 0);
    const SparseTensor<double> few =
        assemble(self, "few", shape, CoordinateList<double>{{{0, 5}, {1, 4}, {2, 3}}, {1.0, 2.0}})
            .tensor;
    const SparseProblem<double> list{few, Absent::missing, {"a", "b", "c"}};
    EXPECT_THROW(FactorNetworksMethod<double>(list, free_options(Contraction::cp, 5), 3),
                 UsageError);
}

}  // namespace
}  // namespace tessera
