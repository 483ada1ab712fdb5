#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../support/all_ranks.hpp"
#include "corruption_cases.hpp"
#include "tessera/base/error.hpp"

// What holds for all kinds alike: the same bits on any grid, the options' names, the noise model.

namespace tessera {
namespace {

using namespace test_support;

const Extents cube_shape = {13, 11, 9};
const std::vector<std::string> cube_axes = {"rows", "cols", "bands"};

/// Every kind once, none of them gentle, in an order in which each has something to do.
std::vector<std::pair<std::string, Corruptions>> cases() {
    using Pattern = MissingCorruption::Pattern;
    const auto missing = [](Pattern pattern, double keep, const std::string& mode = "") {
        return make<MissingCorruption>([&](MissingCorruption& c) {
            c.pattern = pattern;
            c.keep = keep;
            c.mode = mode;
        });
    };
    const auto gaussian = [](std::vector<double> sigma) {
        return make<GaussianCorruption>([&](auto& c) { c.sigma = sigma; });
    };
    std::vector<std::pair<std::string, Corruptions>> all = {
        {"gaussian", {gaussian({0.1})}},
        {"gaussian per band", {gaussian({1, 2, 3, 4, 5, 6, 7, 8, 9})}},
        {"gaussian drawn", {gaussian({0.1, 0.2})}},
        {"gaussian snr", {make<GaussianCorruption>([](auto& c) { c.snr_db = 20.0; })}},
        {"poisson", {make<PoissonCorruption>([](auto& c) {
             c.peak = 50.0;
             c.readout = 2.0;
         })}},
        {"rician", {make<RicianCorruption>([](auto& c) { c.sigma = 0.3; })}},
        {"squared-gaussian", {std::make_shared<SquaredGaussianCorruption>()}},
        {"salt-pepper", {make<SaltPepperCorruption>([](auto& c) {
             c.ratio = {0.0, 0.5};
             c.clip = true;
         })}},
        {"impulse", {make<ImpulseCorruption>([](auto& c) { c.ratio = 0.3; })}},
        {"deadline", {make<DeadlineCorruption>([](auto& c) {
             c.bands = {2, 7};
         })}},
        {"entry-zero", {make<EntryZeroCorruption>([](auto& c) { c.ratio = 0.3; })}},
        {"stripe", {make<StripeCorruption>([](auto& c) {
             c.count = {2, 5};
         })}},
        {"column-zero", {std::make_shared<ColumnZeroCorruption>()}},
        {"transmission", {make<TransmissionPoissonCorruption>([](auto& c) {
             c.photons = 100.0;
             c.electronic = 3.0;
             c.max_attenuation = 4.0;
         })}},
        {"clip", {gaussian({0.5}), std::make_shared<ClipCorruption>()}},
        {"missing entries", {missing(Pattern::entries, 0.4)}},
        {"missing pixels", {missing(Pattern::pixels, 0.4)}},
        {"missing bands", {missing(Pattern::bands, 0.4)}},
        {"missing lines", {missing(Pattern::lines, 0.4)}},
        {"missing fibres", {missing(Pattern::fibres, 0.4, "cols")}},
        {"missing views", {missing(Pattern::views, 0.4)}},
    };
    Corruptions together;
    for (const auto& [name, list] : all) {
        if (name != "missing views" && name != "poisson" && name != "gaussian per band") {
            together.insert(together.end(), list.begin(), list.end());
        }
    }
    all.emplace_back("together", together);
    return all;
}

std::vector<double> positive_entries(const Extents& shape) {
    std::vector<double> entries = random_entries<double>(shape.product(), 3);
    for (double& entry : entries) {
        entry = 0.5 + 0.5 * entry;
    }
    return entries;
}

/// The ranks below `count`, or nothing on the others.
std::optional<Communicator> first_ranks(int count) {
    const Communicator& world = Communicator::world();
    const bool mine = world.rank() < count;
    Communicator part = world.split(mine ? 0 : 1, 0);
    return mine ? std::optional<Communicator>(part) : std::nullopt;
}

std::vector<Extents> all_grids(Index ranks) {
    std::vector<Extents> grids;
    for (Index i = 1; i <= ranks; ++i) {
        for (Index j = 1; j <= ranks; ++j) {
            for (Index k = 1; k <= ranks; ++k) {
                if (i * j * k == ranks) {
                    grids.push_back({i, j, k});
                }
            }
        }
    }
    return grids;
}

/// Bits on every grid of the first `ranks` ranks against those of one rank alone.
template <typename T>
void expect_same_bits(int ranks) {
    if (ranks > rank_count()) {
        return;
    }
    const std::vector<double> wide = positive_entries(cube_shape);
    const std::vector<T> clean(wide.begin(), wide.end());
    const std::optional<Communicator> part = first_ranks(ranks);
    for (const auto& [name, list] : cases()) {
        SCOPED_TRACE(name + " on " + std::to_string(ranks) + " ranks");
        const Corrupted<T> alone = corrupt_alone(list, clean, cube_shape, cube_axes);
        for (const Extents& grid : all_grids(ranks)) {
            bool same = true;
            if (part) {
                const Partition partition(cube_shape, ProcessGrid(*part, grid));
                const Corrupted<T> shared = corrupt_entries(list, clean, partition, cube_axes);
                const std::vector<T> expected = box_of(alone.values, cube_shape, partition.box());
                // Bits, so that -0 and 0 differ and NaN equals itself.
                same = expected.size() == shared.values.size() &&
                       std::memcmp(expected.data(), shared.values.data(),
                                   expected.size() * sizeof(T)) == 0 &&
                       alone.mask.empty() == shared.mask.empty() &&
                       (alone.mask.empty() ||
                        box_of(alone.mask, cube_shape, partition.box()) == shared.mask) &&
                       alone.remarks == shared.remarks && alone.noise.sigma == shared.noise.sigma;
            }
            EXPECT_ALL_RANKS(same) << grid.to_string();
        }
    }
}

TEST(Corruption, SameBitsOnEveryGrid) {
    for (int ranks = 1; ranks <= 4; ++ranks) {
        expect_same_bits<double>(ranks);
        expect_same_bits<float>(ranks);
    }
}

TEST(CorruptionOneRank, SeedAndPositionInTheListMatter) {
    const std::vector<double> clean = positive_entries(cube_shape);
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{0.1}}; });
    const auto once = corrupt_alone<double>({noise}, clean, cube_shape, cube_axes, 1);
    const auto other = corrupt_alone<double>({noise}, clean, cube_shape, cube_axes, 2);
    const auto twice = corrupt_alone<double>({noise, noise}, clean, cube_shape, cube_axes, 1);
    double same_seed = 0.0;
    double correlation = 0.0;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        const double first = once.values[i] - clean[i];
        same_seed += first * (other.values[i] - clean[i]);
        correlation += first * (twice.values[i] - once.values[i]);
    }
    // Sums of 1287 products of independent N(0, 0.01): standard deviation 0.36; five of them.
    EXPECT_LT(std::abs(same_seed), 1.8);
    EXPECT_LT(std::abs(correlation), 1.8);
}

TEST(CorruptionOneRank, CatalogueDeclaresAndBindsEveryKind) {
    std::vector<std::string> names;
    for (const CorruptionKind& kind : corruption_catalogue()) {
        const auto corruption = kind.make();
        EXPECT_EQ(corruption->kind(), kind.name);
        EXPECT_FALSE(kind.help.empty());
        OptionTable table("corrupt");
        corruption->declare(table);
        names.push_back(kind.name);
    }
    const std::vector<std::string> expected = {
        "gaussian",    "poisson",     "rician",   "squared-gaussian",
        "salt-pepper", "impulse",     "deadline", "entry-zero",
        "stripe",      "column-zero", "missing",  "transmission-poisson",
        "clip"};
    EXPECT_EQ(names, expected);
}

OptionValue table_of(std::vector<std::pair<std::string, OptionValue>> entries) {
    OptionMap map;
    for (auto& [key, value] : entries) {
        map.push_back({key, {}, value});
    }
    return make_option_value(map);
}

TEST(CorruptionOneRank, OptionsReachTheCorruption) {
    GaussianCorruption gaussian;
    OptionTable table("corrupt");
    gaussian.declare(table);
    table.bind(table_of({{"sigma", make_option_value(0.25)}}));
    ASSERT_TRUE(gaussian.sigma.has_value());
    EXPECT_EQ(*gaussian.sigma, std::vector<double>{0.25});

    MissingCorruption missing;
    OptionTable missing_table("corrupt");
    missing.declare(missing_table);
    missing_table.bind(table_of({{"pattern", make_option_value(std::string("fibres"))},
                                 {"mode", make_option_value(std::string("rows"))},
                                 {"keep", make_option_value(0.2)}}));
    EXPECT_EQ(missing.pattern, MissingCorruption::Pattern::fibres);
    EXPECT_EQ(missing.mode, "rows");
}

TEST(CorruptionOneRank, WrongOptionsAreRefused) {
    const auto refused = [](auto corruption, const OptionValue& values) {
        OptionTable table("corrupt");
        corruption.declare(table);
        EXPECT_THROW(table.bind(values), UsageError);
    };
    const OptionValue one = make_option_value(1.0);
    refused(GaussianCorruption(), table_of({}));
    refused(GaussianCorruption(), table_of({{"sigma", one}, {"snr_db", one}}));
    refused(GaussianCorruption(), table_of({{"sigma", make_option_value(-1.0)}}));
    refused(PoissonCorruption(), table_of({}));
    refused(MissingCorruption(), table_of({{"pattern", make_option_value(std::string("fibres"))}}));
    refused(MissingCorruption(), table_of({{"keep", make_option_value(0.0)}}));
    refused(ImpulseCorruption(), table_of({{"ratio", make_option_value(1.5)}}));
    refused(ClipCorruption(), table_of({{"low", one}}));
}

/// The sentence with which a list of corruptions is refused.
std::string refusal(const Corruptions& list, const std::vector<double>& clean) {
    try {
        (void)corrupt_alone<double>(list, clean, cube_shape, cube_axes);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(CorruptionOneRank, OptionsThatDoNotFitTheShapeAreNamed) {
    const std::vector<double> clean = positive_entries(cube_shape);
    const auto says = [&](const std::shared_ptr<Corruption>& corruption, const std::string& text) {
        const std::string sentence = refusal({corruption}, clean);
        EXPECT_NE(sentence.find(text), std::string::npos) << sentence;
    };
    says(make<GaussianCorruption>([](auto& c) { c.sigma = {{1, 2, 3}}; }), "9 numbers");
    says(make<GaussianCorruption>([](auto& c) { c.sigma = {{0.2, 0.1}}; }), "larger");
    says(make<SaltPepperCorruption>([](auto& c) { c.ratio = {0.1, 0.2, 0.3}; }), "salt-pepper");
    says(make<DeadlineCorruption>([](auto& c) { c.bands = {5, 10}; }), "9 bands");
    says(make<DeadlineCorruption>([](auto& c) { c.width = {1, 12}; }), "up to 11");
    says(make<StripeCorruption>([](auto& c) { c.count = {5, 12}; }), "up to 11");
    says(make<MissingCorruption>([](auto& c) {
             c.pattern = MissingCorruption::Pattern::fibres;
             c.mode = "time";
         }),
         "\"time\"");
    says(make<MissingCorruption>([](auto& c) {
             c.pattern = MissingCorruption::Pattern::bands;
             c.keep = 0.01;
         }),
         "leaves none");
}

TEST(Corruption, NegativeValuesHaveNoPoissonCounts) {
    std::vector<double> clean = positive_entries(cube_shape);
    clean[500] = -1.0;
    clean[static_cast<std::size_t>(clean.size()) - 1] = -2.0;
    Dice dice(11);
    const auto poisson = make<PoissonCorruption>([](auto& c) { c.peak = 10.0; });
    for (int round = 0; round < 4; ++round) {
        const Partition partition = random_partition(dice, cube_shape);
        std::string sentence;
        try {
            (void)corrupt_entries<double>({poisson}, clean, partition, cube_axes);
        } catch (const UsageError& error) {
            sentence = error.what();
        }
        // 500 = (5 * 11 + 0) * 9 + 5.
        EXPECT_ALL_RANKS(sentence.find("2 values are negative, the first at [5, 0, 5]") !=
                         std::string::npos)
            << sentence;
    }
    const auto with_sign = make<PoissonCorruption>([](auto& c) {
        c.peak = 10.0;
        c.is_signed = true;
    });
    const auto drawn = corrupt_alone<double>({with_sign}, clean, cube_shape, cube_axes);
    EXPECT_ALL_RANKS(drawn.values.back() <= 0.0 && drawn.noise.kind == NoiseModel::Kind::unknown);
}

TEST(CorruptionOneRank, NoiseModelStaysTrue) {
    using Kind = NoiseModel::Kind;
    const std::vector<double> clean = positive_entries(cube_shape);
    const auto gaussian = [](std::vector<double> sigma) {
        return make<GaussianCorruption>([&](auto& c) { c.sigma = sigma; });
    };
    const auto noise_of = [&](const Corruptions& list) {
        return corrupt_alone<double>(list, clean, cube_shape, cube_axes).noise;
    };
    const auto missing = std::make_shared<MissingCorruption>();
    const auto poisson = make<PoissonCorruption>([](auto& c) {
        c.peak = 40.0;
        c.readout = 2.0;
    });

    const NoiseModel sum = noise_of({missing, gaussian({0.3}), gaussian({0.4})});
    EXPECT_EQ(sum.kind, Kind::gaussian);
    ASSERT_EQ(sum.sigma.size(), 1U);
    EXPECT_DOUBLE_EQ(sum.sigma[0], 0.5);

    const NoiseModel by_band =
        noise_of({gaussian({0.4}), gaussian({.3, .3, .3, .3, .3, 0, 0, 0, 0})});
    ASSERT_EQ(by_band.sigma.size(), 9U);
    EXPECT_EQ(by_band.band_mode, 2);
    EXPECT_DOUBLE_EQ(by_band.sigma[0], 0.5);
    EXPECT_DOUBLE_EQ(by_band.sigma[8], 0.4);

    const NoiseModel counts = noise_of({poisson, missing});
    EXPECT_EQ(counts.kind, Kind::poisson);
    EXPECT_EQ(counts.peak, 40.0);
    EXPECT_EQ(counts.readout, 2.0);

    EXPECT_EQ(noise_of({poisson, gaussian({0.1})}).kind, Kind::unknown);
    EXPECT_EQ(noise_of({gaussian({0.1}), std::make_shared<ClipCorruption>()}).kind, Kind::unknown);
    EXPECT_EQ(noise_of({std::make_shared<ClipCorruption>(), gaussian({0.1})}).kind, Kind::unknown);
    EXPECT_EQ(noise_of({}).kind, Kind::unknown);
}

TEST(CorruptionOneRank, MissingEntriesStayZeroWhateverComesAfter) {
    const std::vector<double> clean = positive_entries(cube_shape);
    const auto noise = make<GaussianCorruption>([](auto& c) { c.sigma = {{0.5}}; });
    const auto result = corrupt_alone<double>({std::make_shared<MissingCorruption>(), noise}, clean,
                                              cube_shape, cube_axes);
    ASSERT_EQ(result.mask.size(), clean.size());
    for (std::size_t i = 0; i < clean.size(); ++i) {
        EXPECT_EQ(result.values[i] == 0.0, result.mask[i] == 0) << i;
    }
}

}  // namespace
}  // namespace tessera
