#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "factor_networks_cases.hpp"
#include "tessera/method/factor_networks/component_norms.hpp"

namespace tessera {
namespace {

using namespace test_support;

constexpr Index width = 4;
constexpr Index planted_rank = 2;

const std::vector<Form> forms = {
    {Contraction::matrix, {9, 7}, {"a", "b"}},
    {Contraction::matrix, {3, 7}, {"a", "b"}},
    {Contraction::symmetric, {8, 8}, {"a", "b"}},
    {Contraction::image, {6, 5, 4}, {"rows", "cols", "bands"}},
    {Contraction::image, {4, 6, 5}, {"time", "rows", "cols"}},
    {Contraction::image, {3, 6, 5, 2}, {"time", "rows", "cols", "bands"}},
    {Contraction::cp, {4, 5, 6}, {"a", "b", "c"}},
    {Contraction::tucker, {4, 5, 6}, {"a", "b", "c"}},
};

/// A model of width 4 that has two components, however its form says so: the others are 0, or
/// (where components may be mixed) one of them is a multiple of another.
struct Planted {
    FactorLayout layout;
    bool mixable = false;
    Extents shape;

    [[nodiscard]] double row(std::size_t factor, Index site, Index column) const {
        // A symmetric model has one factor on both sides.
        factor = std::min(factor, layout.generators() - 1);
        const Random random(31 + factor, 2);
        if (mixable && column == 2) {
            return 0.5 * row(factor, site, 0);
        }
        const bool gone =
            column >= planted_rank && factor == 0 && layout.form != FactorLayout::Form::tucker;
        return gone ? 0.0 : random.normal(width * site + column);
    }
    [[nodiscard]] double centre(Index entry) const {
        if (layout.form != FactorLayout::Form::tucker) {
            return 3.0;
        }
        const Extents at = row_major_position(entry, Extents(layout.widths));
        const std::vector<Index> place = at.to_vector();
        const bool inside = std::all_of(place.begin(), place.end(),
                                        [](Index column) { return column < planted_rank; });
        return inside ? Random(30, 2).normal(entry) : 0.0;
    }
    /// The tensor that these make, entry by entry.
    [[nodiscard]] std::vector<double> entries() const {
        std::vector<double> result;
        const bool tucker = layout.form == FactorLayout::Form::tucker;
        for (Index offset = 0; offset < shape.product(); ++offset) {
            const Extents at = row_major_position(offset, shape);
            double sum = 0.0;
            for (Index entry = 0; entry < layout.centre_size(); ++entry) {
                double product = centre(entry);
                for (std::size_t f = 0; f < layout.factors.size(); ++f) {
                    const FactorModes& modes = layout.factors[f];
                    const Index site = row_major_offset(modes.of(at), modes.of(shape));
                    const Index column =
                        tucker
                            ? row_major_position(entry, Extents(layout.widths))[static_cast<int>(f)]
                            : entry;
                    product *= row(f, site, column);
                }
                sum += product;
            }
            result.push_back(sum);
        }
        return result;
    }
};

Planted planted_in(const Form& form, const FactorNetworksOptions& options) {
    Planted planted;
    planted.layout = choose_factor_layout(form.shape, form.axes, options);
    planted.mixable = planted.layout.factors.size() == 2 &&
                      options.generator.activation == OutputActivation::none;
    planted.shape = form.shape;
    return planted;
}

/// The rows of a model on this rank, replaced by the planted ones.
template <typename T>
typename FactorModel<T>::Rows rows_of(const Planted& planted, const Partition& partition,
                                      FactorModel<T>& model) {
    model.forward(0);
    typename FactorModel<T>::Rows rows = model.rows();
    for (std::size_t f = 0; f + 1 < rows.size(); ++f) {
        const FactorModes& modes = planted.layout.factors[f];
        const Extents sites = modes.of(planted.shape);
        Box own{Extents::filled(sites.order(), 0), sites};
        if (planted.layout.spread(f)) {
            own = {modes.of(partition.box().begin), modes.of(partition.box().end)};
        }
        for_each_position(own, [&](const Extents& at, Index offset) {
            for (Index column = 0; column < width; ++column) {
                rows[f][static_cast<std::size_t>(offset * width + column)] =
                    static_cast<T>(planted.row(f, row_major_offset(at, sites), column));
            }
        });
    }
    for (std::size_t entry = 0; entry < rows.back().size(); ++entry) {
        rows.back()[entry] = static_cast<T>(planted.centre(static_cast<Index>(entry)));
    }
    return rows;
}

/// Sizes of the components by dense algebra.
std::vector<std::vector<double>> expected_sizes(const Planted& planted) {
    const std::vector<double> entries = planted.entries();
    const std::size_t lists =
        planted.layout.form == FactorLayout::Form::tucker ? planted.layout.factors.size() : 1;
    std::vector<std::vector<double>> sizes(lists);
    for (std::size_t list = 0; list < lists; ++list) {
        std::vector<bool> columns(static_cast<std::size_t>(planted.shape.order()), true);
        for (int mode = planted.layout.factors[list].first;
             mode < planted.layout.factors[list].last; ++mode) {
            columns[static_cast<std::size_t>(mode)] = false;
        }
        sizes[list] = dense_singular_values(dense_unfolding(entries, planted.shape, columns));
        sizes[list].resize(static_cast<std::size_t>(width), 0.0);
    }
    if (planted.mixable || planted.layout.form == FactorLayout::Form::tucker) {
        return sizes;
    }
    sizes[0].assign(static_cast<std::size_t>(width), planted.centre(0));
    for (Index r = 0; r < width; ++r) {
        for (std::size_t f = 0; f < planted.layout.factors.size(); ++f) {
            double square = 0.0;
            for (Index site = 0; site < planted.layout.factors[f].of(planted.shape).product();
                 ++site) {
                square += std::pow(planted.row(f, site, r), 2);
            }
            sizes[0][static_cast<std::size_t>(r)] *= std::sqrt(square);
        }
    }
    std::sort(sizes[0].rbegin(), sizes[0].rend());
    return sizes;
}

template <typename T>
double distance_of(const FactorModel<T>& model, const typename FactorModel<T>::Rows& rows,
                   const std::vector<double>& entries, const Partition& partition) {
    std::vector<T> own(static_cast<std::size_t>(partition.box().size()));
    model.contraction(rows).reconstruct(own.data());
    const std::vector<double> wanted = box_of(entries, partition.shape(), partition.box());
    double worst = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        worst = std::max(worst, std::abs(static_cast<double>(own[i]) - wanted[i]));
    }
    return Communicator::world().max(worst);
}

template <typename T>
void check_planted(const Form& form, const FactorNetworksOptions& options,
                   const Partition& partition, double tolerance) {
    const Planted planted = planted_in(form, options);
    FactorModel<T> model(partition, planted.layout, options, 1.0, 3);
    typename FactorModel<T>::Rows rows = rows_of(planted, partition, model);
    const AnalysedModel analysed = model.analyse(rows, 100.0 * tolerance);
    const std::vector<std::vector<double>> expected = expected_sizes(planted);
    ASSERT_ALL_RANKS(analysed.spectrum.sizes.size() == expected.size());
    for (std::size_t list = 0; list < expected.size(); ++list) {
        EXPECT_ALL_RANKS(analysed.spectrum.needed[list] == planted_rank) << form.shape.to_string();
        ASSERT_ALL_RANKS(analysed.spectrum.sizes[list].size() == expected[list].size());
        for (std::size_t r = 0; r < expected[list].size(); ++r) {
            EXPECT_NEAR_ALL_RANKS(analysed.spectrum.sizes[list][r] / expected[list][0],
                                  expected[list][r] / expected[list][0], tolerance)
                << form.shape.to_string() << ", component " << r;
        }
    }
    model.reduce(analysed, rows);
    bool gone = true;
    for (std::size_t f = 0; f + 1 < rows.size(); ++f) {
        for (std::size_t i = 0; i < rows[f].size(); ++i) {
            gone = gone && (static_cast<Index>(i) % width < planted_rank || rows[f][i] == T{0});
        }
    }
    EXPECT_ALL_RANKS(gone) << form.shape.to_string();
    EXPECT_NEAR_ALL_RANKS(distance_of(model, rows, planted.entries(), partition) / expected[0][0],
                          0.0, tolerance)
        << form.shape.to_string() << " on " << partition.grid().dims().to_string();
}

// A rank that is twice too large: sizes as dense algebra has them, and the same tensor without the
// components that are 0.
TEST(ModelSpectrum, FindsTheComponentsOfAModelOnAnyGrid) {
    Dice dice(21);
    for (const Form& form : forms) {
        for (const OutputActivation activation :
             {OutputActivation::none, OutputActivation::absolute}) {
            FactorNetworksOptions options = free_options(form.contraction, 1);
            options.rank = width;
            options.ranks = form.contraction == Contraction::tucker ? std::vector<Index>(3, width)
                                                                    : std::vector<Index>{};
            options.generator.activation = activation;
            const Partition partition = random_partition(dice, form.shape);
            check_planted<double>(form, options, partition, 1e-13);
            check_planted<float>(form, options, partition, 1e-5);
        }
    }
}

// More components than are taken at once, far from orthogonal: norms of all partial sums.
TEST(ModelSpectrum, MixesOnlyTwoFactorsOfAnySignThatAreNotTooWide) {
    const FactorLayout layout =
        choose_factor_layout({9000, 9000}, {"a", "b"}, free_options(Contraction::matrix, 1));
    FactorLayout wide = layout;
    wide.widths = {2049, 2049};
    EXPECT_TRUE(components_mix(layout, OutputActivation::none));
    EXPECT_FALSE(components_mix(layout, OutputActivation::softplus));
    EXPECT_FALSE(components_mix(wide, OutputActivation::none));
}

TEST(ModelSpectrum, KnowsTheNormOfWhatIsLeftOut) {
    constexpr Index count = 150;
    const Extents shape = {5, 4, 3};
    const Communicator& world = Communicator::world();
    std::vector<std::vector<double>> factors;
    ModelParts<double> parts{world, {}, false, {}, random_entries<double>(count, 9)};
    for (int mode = 0; mode < shape.order(); ++mode) {
        factors.push_back(random_entries<double>(shape[mode] * count, 10 + mode));
        parts.layout.factors.push_back({mode, mode + 1});
        parts.layout.widths.push_back(count);
    }
    for (int mode = 0; mode < shape.order(); ++mode) {
        const Range own = block_range(shape[mode], world.size(), world.rank());
        parts.own_rows.push_back(
            {factors[static_cast<std::size_t>(mode)].data() + own.begin * count, own.size(), count,
             1});
    }
    const ComponentNorms norms = component_norms(parts);
    std::vector<double> rest(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index kept = count - 1; kept >= 0; --kept) {
        const Index r = norms.order[static_cast<std::size_t>(kept)];
        double whole = 0.0;
        double alone = 0.0;
        for (Index offset = 0; offset < shape.product(); ++offset) {
            const Extents at = row_major_position(offset, shape);
            double entry = parts.centre[static_cast<std::size_t>(r)];
            for (int mode = 0; mode < shape.order(); ++mode) {
                entry *= factors[static_cast<std::size_t>(mode)]
                                [static_cast<std::size_t>(at[mode] * count + r)];
            }
            rest[static_cast<std::size_t>(offset)] += entry;
            alone += entry * entry;
            whole += std::pow(rest[static_cast<std::size_t>(offset)], 2);
        }
        ASSERT_NEAR_ALL_RANKS(norms.norms[static_cast<std::size_t>(kept)], std::sqrt(alone), 1e-12);
        ASSERT_NEAR_ALL_RANKS(norms.rest[static_cast<std::size_t>(kept)], std::sqrt(whole), 1e-9);
    }
    EXPECT_ALL_RANKS(std::is_sorted(norms.norms.rbegin(), norms.norms.rend()));
}

// The estimate without what is not needed lies within the tolerance of the whole one, is the same
// on every grid, and its factors are as wide as what was needed.
TEST(ModelSpectrum, PrunedFitsStayWithinTheTolerance) {
    Dice dice(22);
    for (const Form& form : forms) {
        FactorNetworksOptions options = free_options(form.contraction, 3);
        options.rank = std::min<Index>(width, form.shape[0]);
        options.rank_tolerance = 0.3;
        const Problem<double> single = problem_on(alone_on(form.shape), form.axes);
        const Problem<double> shared = problem_on(random_partition(dice, form.shape), form.axes);
        FactorNetworksMethod<double> whole(single, options, 3);
        options.prune = true;
        FactorNetworksMethod<double> alone(single, options, 3);
        FactorNetworksMethod<double> together(shared, options, 3);
        run(whole);
        run(alone);
        run(together);
        const std::vector<double> expected = to_host(alone.estimate().block());
        const std::vector<double> all = to_host(whole.estimate().block());
        EXPECT_NEAR_ALL_RANKS(distance(together, expected), 0.0, 1e-9) << form.shape.to_string();
        double lost = 0.0;
        double norm = 0.0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            lost += std::pow(all[i] - expected[i], 2);
            norm += all[i] * all[i];
        }
        EXPECT_ALL_RANKS(lost > 0.0);
        EXPECT_ALL_RANKS(lost <= 0.09 * norm) << form.shape.to_string();
        const double rank = alone.report().back().second;
        EXPECT_ALL_RANKS(alone.report().back().first == "effective_rank");
        Index widest = 0;
        for (const Factor& factor : together.factors()) {
            if (factor.name.rfind("factor_", 0) == 0) {
                widest = std::max(widest, factor.place.shape[factor.place.shape.order() - 1]);
                ASSERT_ALL_RANKS(static_cast<Index>(factor.values.size()) ==
                                 factor.place.box.size());
            }
        }
        EXPECT_ALL_RANKS(static_cast<double>(widest) == rank) << form.shape.to_string();
    }
}

TEST(ModelSpectrum, PrunedFitGoesOnFromASavedState) {
    Dice dice(23);
    for (const Form& form : {forms[2], forms[3], forms[6], forms[7]}) {
        const Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes);
        FactorNetworksOptions options = free_options(form.contraction, 4);
        options.rank = width;
        options.prune = true;
        options.rank_tolerance = 0.3;
        expect_same_after_restart(problem, options, 2);
        expect_same_after_restart(problem, options, 4);
    }
}

}  // namespace
}  // namespace tessera
