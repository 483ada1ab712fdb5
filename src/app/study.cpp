#include "tessera/app/study.hpp"

#include "tessera/base/error.hpp"
#include "tessera/io/atomic_file.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/quality.hpp"

namespace tessera {
namespace {

std::vector<OptionChoice> expected_quantities(
    const std::vector<std::unique_ptr<MethodEntry>>& methods) {
    std::vector<OptionChoice> choices;
    for (const char* const prefix : {"", "observed_", "missing_", "input_"}) {
        for (const auto& [name, value] : Quality{}.named_values()) {
            choices.push_back({prefix + name, ""});
        }
    }
    for (const char* const figure : {"held_out_rmse", "held_out_mae", "held_out_relative_error"}) {
        for (const char* const fill : {"", "_mean", "_mode_means", "_nearest"}) {
            choices.push_back({std::string(figure) + fill, "on entries held out of the run"});
        }
    }
    choices.push_back({"rank", "of the method's last step"});
    choices.push_back({"objective", "of the method's last step"});
    choices.push_back({"steps", "done by the method"});
    choices.push_back({"oracle_psnr", "dB, the best of the estimates judged on the way"});
    choices.push_back({"oracle_missing_psnr", "the same where entries are missing, of these"});
    choices.push_back({"oracle_step", "its step"});
    choices.push_back({"svm_accuracy", "of [classify], on the estimate's eigenvectors"});
    choices.push_back({"svm_accuracy_pca", "the same on those of the observed covariance"});
    choices.push_back({"svm_accuracy_oracle", "the same on those of the true covariance"});
    for (const auto& method : methods) {
        for (const std::string& figure : method->figures()) {
            choices.push_back({figure, "of the last step of method " + method->name()});
        }
    }
    return choices;
}

}  // namespace

Study::Study() : methods_(method_catalogue()) {
    schema_.table(
        "data", [this](OptionTable& table) { data.declare(table); },
        "the measured tensor, and how its file is to be understood");
    schema_.optional_table(
        "truth", [this](OptionTable& table) { truth.declare(table); },
        "the true tensor, for quality figures: same shape, and scaled as data");
    std::vector<DeckVariant> kinds;
    for (const CorruptionKind& kind : corruption_catalogue()) {
        kinds.push_back({kind.name,
                         [this, make = kind.make](OptionTable& table) {
                             const std::shared_ptr<Corruption> made = make();
                             made->declare(table);
                             table.when_bound([this, made] { corruptions.push_back(made); });
                         },
                         kind.help});
    }
    schema_.variant_list("corrupt", "kind", kinds,
                         "what is done to the data before the method sees them, in this order; the "
                         "data as read then are the truth");
    std::vector<DeckVariant> variants;
    for (const auto& method : methods_) {
        variants.push_back({method->name(),
                            [entry = method.get()](OptionTable& table) { entry->declare(table); },
                            method->summary()});
    }
    schema_.variant_table("method", "name", variants, {}, "how the tensor is recovered");
    schema_.optional_table(
        "classify", [this](OptionTable& table) { classify.declare(table); },
        "how well a linear support vector machine tells samples apart by their projections on the "
        "estimate's eigenvectors (data.covariance_over)");
    schema_.table(
        "run", [this](OptionTable& table) { run.declare(table); },
        "random numbers, precision, limits, checkpoints");
    schema_.table(
        "parallel", [this](OptionTable& table) { parallel.declare(table); },
        "how the tensor is shared out over the ranks");
    schema_.table(
        "output", [this](OptionTable& table) { output.declare(table); },
        "what is written, and where");
    schema_.quantities(expected_quantities(methods_));
}

void Study::bind(const Deck& deck) {
    corruptions.clear();
    resolved_ = schema_.bind(deck);
}

const MethodEntry& Study::method() const {
    const std::string name = resolved_->choice("method");
    for (const auto& entry : methods_) {
        if (entry->name() == name) {
            return *entry;
        }
    }
    throw UsageError("no method is named \"" + name + "\"");
}

ExpectedData Study::expected_data() const {
    ExpectedData expected;
    expected.masked =
        !data.mask.empty() || data.missing != DataOptions::Missing::none || data.hold_out > 0.0;
    expected.observed_share = 1.0 - data.hold_out;
    if (data.of_samples()) {
        return expected;  // no noise model describes a covariance
    }
    expected.noise_known = data.noise != DataOptions::Noise::unknown;
    expected.counts = data.noise == DataOptions::Noise::poisson;
    bool clean = true;
    for (const auto& corruption : corruptions) {
        if (const std::optional<double> kept = corruption->observed_share()) {
            expected.masked = true;
            expected.observed_share *= *kept;
            continue;
        }
        // A second kind of noise makes a sum that no model describes.
        const std::string kind = corruption->kind();
        expected.noise_known =
            (kind == "gaussian" || kind == "poisson") && clean && !expected.noise_known;
        expected.counts = expected.noise_known && kind == "poisson";
        clean = false;
    }
    return expected;
}

std::string read_text_everywhere(const Communicator& communicator, const std::string& path) {
    std::string text;
    agree_on_rank_0(communicator, [&] { text = read_text(path); });
    communicator.broadcast(text);
    return text;
}

Deck read_deck(const Communicator& communicator, const std::string& path,
               const std::vector<std::string>& assignments) {
    Deck deck = Deck::from_text(read_text_everywhere(communicator, path), path);
    deck.set_all(assignments);
    return deck;
}

}  // namespace tessera
