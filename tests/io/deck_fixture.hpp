#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/io/deck_schema.hpp"

namespace tessera::test_support {

enum class Truncation { rank, energy };

struct GaussianOptions {
    std::optional<std::vector<double>> sigma;
    std::optional<double> snr_db;

    void declare(OptionTable& table) {
        table.add_number_or_list("sigma", sigma, "standard deviation of the noise").minimum(0);
        table.add("snr_db", snr_db, "signal-to-noise ratio instead of sigma").unit("dB");
        table.add_check("sigma", [this] {
            return sigma.has_value() == snr_db.has_value()
                       ? std::string("give either sigma or snr_db")
                       : std::string();
        });
    }
};

struct DeadlineOptions {
    std::vector<std::int64_t> bands;

    void declare(OptionTable& table) {
        table.add("bands", bands, "first and last band hit").required().length(2).minimum(0);
    }
};

/// A small language of decks with every kind of table, and the members that it binds.
struct DeckFixture {
    std::string path;
    std::vector<std::string> dims;
    std::map<std::string, std::vector<std::int64_t>> region;
    std::vector<std::int64_t> bin{1};
    std::string truth_path;
    double keep = 1;
    std::int64_t rank = 5;
    double energy = 0.99;
    double tolerance = 1e-6;
    Truncation truncation = Truncation::rank;
    std::vector<std::int64_t> ranks;
    std::uint64_t seed = 1;
    std::optional<double> time_limit;
    double checkpoint_every = 1200;
    std::int64_t checkpoint_keep = 2;
    std::optional<std::vector<std::int64_t>> grid;
    std::filesystem::path directory = "runs";
    std::vector<std::string> save{"result"};
    std::vector<std::shared_ptr<GaussianOptions>> gaussians;
    std::vector<std::shared_ptr<DeadlineOptions>> deadlines;
    std::vector<std::string> order;
    DeckSchema schema;

    DeckFixture() {
        declare_input();
        declare_method();
        declare_rest();
    }

    /// The text of the UsageError that binding throws, or "" if it does not.
    std::string error_of(const std::string& text, const std::string& name = "deck.toml",
                         const std::vector<std::string>& assignments = {}) {
        try {
            Deck deck = Deck::from_text(text, name);
            deck.set_all(assignments);
            schema.bind(deck);
        } catch (const UsageError& error) {
            return error.what();
        }
        return "";
    }

  private:
    void declare_input() {
        schema.table(
            "data",
            [this](OptionTable& table) {
                table.add("path", path, "file[:dataset] to read")
                    .required()
                    .example("\"cube.h5:/cube\"");
                table.add("dims", dims, "names of the axes, slowest first");
                table.add("region", region, "part to read, [first, one past last] by axis")
                    .length(2)
                    .minimum(0);
                table.add_number_or_list("bin", bin, "entries averaged into one").minimum(1);
            },
            "What was measured.");
        schema.optional_table(
            "truth",
            [this](OptionTable& table) {
                table.add("path", truth_path, "the clean tensor").required();
            },
            "The true tensor, for studies.");
        const auto gaussian = [this](OptionTable& table) {
            auto options = std::make_shared<GaussianOptions>();
            options->declare(table);
            table.when_bound([this, options] {
                gaussians.push_back(options);
                order.emplace_back("gaussian");
            });
        };
        const auto deadline = [this](OptionTable& table) {
            auto options = std::make_shared<DeadlineOptions>();
            options->declare(table);
            table.when_bound([this, options] {
                deadlines.push_back(options);
                order.emplace_back("deadline");
            });
        };
        schema.variant_list("corrupt", "kind",
                            {{"gaussian", gaussian, "additive normal noise"},
                             {"deadline", deadline, "columns set to zero"}},
                            "Noise added to the input, in this order.");
        schema.variant_table(
            "operator", "name",
            {{"identity", [](OptionTable&) {}, "every entry is measured"},
             {"mask",
              [this](OptionTable& table) {
                  table.add("keep", keep, "share of entries measured").above(0).maximum(1);
              },
              "some entries are missing"}},
            "identity", "How the input came from the unknown tensor.");
    }

    void declare_method() {
        const auto svd = [this](OptionTable& table) {
            table.add("rank", rank, "number of singular triplets kept").minimum(1);
            table.add("energy", energy, "share of the energy kept").above(0).maximum(1);
            table.add("tolerance", tolerance, "relative accuracy").above(0);
            table.add_choice("truncation", truncation,
                             {{"rank", Truncation::rank, "keep `rank` triplets"},
                              {"energy", Truncation::energy, "keep a share of the energy"}},
                             "what decides how much is kept");
        };
        const auto tucker = [this](OptionTable& table) {
            table.add("ranks", ranks, "rank of each mode").required().minimum(1);
        };
        schema.variant_table("method", "name",
                             {{"svd", svd, "truncated SVD of an unfolding"},
                              {"tucker", tucker, "Tucker decomposition"}},
                             "", "The recovery method.");
    }

    void declare_rest() {
        schema.table("run", [this](OptionTable& table) {
            table.add("seed", seed, "seed of all random numbers");
            table.add_duration("time_limit", time_limit, "wall clock until a checkpoint and exit")
                .may_change_on_resume();
            table.add_duration("checkpoint.every", checkpoint_every, "time between checkpoints")
                .above(0)
                .may_change_on_resume();
            table.add("checkpoint.keep", checkpoint_keep, "checkpoints kept")
                .minimum(1)
                .may_change_on_resume();
        });
        schema.table("parallel", [this](OptionTable& table) {
            table.add("grid", grid, "ranks along each mode").minimum(1).auto_word("auto");
        });
        schema.table("output", [this](OptionTable& table) {
            table.add("dir", directory, "folder of the run folders").may_change_on_resume();
            table.add("save", save, "what the result file holds")
                .choices({{"result", "the estimate"}, {"factors", "the factors"}})
                .may_change_on_resume();
        });
        schema.quantities(
            {{"psnr", "peak signal-to-noise ratio in dB"}, {"ssim", "structural similarity"}});
    }
};

/// The repository's folder inputs/bad.
inline std::filesystem::path bad_decks() {
    const char* source = std::getenv("TESSERA_SOURCE");
    return std::filesystem::path(source != nullptr ? source : ".") / "inputs" / "bad";
}

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A deck that binds and uses most of the language.
inline constexpr const char* full_deck = R"(schema = 1
[data]
path = "data/wdc.h5:/cube"
dims = ["y", "x", "band"]
region = { y = [0, 256], band = [3, 190] }
bin = 2
[truth]
path = "data/clean.h5"
[[corrupt]]
kind = "gaussian"
sigma = 0.1
[[corrupt]]
kind = "deadline"
bands = [90, 130]
[[corrupt]]
kind = "gaussian"
snr_db = 20
[operator]
name = "mask"
keep = 0.5
[method]
name = "svd"
rank = 10
tolerance = 1e-7
[run]
seed = 7
time_limit = 01:50:00
checkpoint = { every = "5 min", keep = 3 }
[parallel]
grid = [2, 1, 1]
[output]
dir = "runs/wdc"
save = ["result", "factors"]
[expect]
psnr = { min = 33.1, max = 33.7 }
ssim = { min = 0.9 }
)";

}  // namespace tessera::test_support
