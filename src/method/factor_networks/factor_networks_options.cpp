#include "tessera/method/factor_networks/factor_networks_options.hpp"

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

void declare_networks(OptionTable& table, FactorNetworksOptions& options) {
    GeneratorOptions& generator = options.generator;
    table.add_choice(
        "network", generator.kind,
        {{"skip", GeneratorKind::skip_network,
          "convolutions over several scales with skip connections (deep image prior)"},
         {"deep_decoder", GeneratorKind::deep_decoder,
          "pointwise layers and upsampling: few parameters, cheap, hardly overfits"},
         {"sine", GeneratorKind::sine_network, "sines of the coordinates, two hidden layers"},
         {"free", GeneratorKind::free_factor, "no network: free numbers, for comparison"}},
        "what makes the rows of each factor");
    table.add("channels", generator.channels, "width of the hidden layers").minimum(1);
    table
        .add("scales", generator.scales,
             "resolutions of the networks; fewer are taken where an axis is too short")
        .minimum(1);
    table.add("skip_channels", generator.skip_channels, "channels that skip each scale").minimum(1);
    table.add_choice("activation", generator.activation,
                     {{"none", OutputActivation::none, "factors of any sign"},
                      {"softplus", OutputActivation::softplus, ""},
                      {"abs", OutputActivation::absolute, ""},
                      {"relu", OutputActivation::relu, ""}},
                     "what makes the factors nonnegative");
    table
        .add("any_sign", options.any_sign,
             "axes whose factors `activation` leaves out: semi-nonnegative models")
        .example("[\"pictures\"]");
    table.add_choice("input", generator.input,
                     {{"uniform", InputKind::uniform, "uniform noise on (0, `input_scale`)"},
                      {"fourier", InputKind::fourier, "sines and cosines of random frequencies"}},
                     "what the networks start from");
    table.add("input_channels", generator.input_channels, "channels of the input; 0: as the rank")
        .minimum(0);
    table.add("input_scale", generator.input_scale, "size of the uniform input").above(0.0);
    table.add("learn_input", generator.learn_input, "fit the input along with the weights");
    table
        .add("jitter", options.jitter,
             "standard deviation of the noise that is added to the input anew at each step")
        .minimum(0.0)
        .auto_word("auto")
        .details(
            "auto: 1/30 with image-like factors and for CP; 0 for matrices and with basis = "
            "\"svd\".");
}

void declare_basis(OptionTable& table, FactorNetworksOptions& options) {
    using Basis = FactorNetworksOptions::Basis;
    table
        .add_choice("basis", options.basis,
                    {{"network", Basis::network, "made by a network, as the others"},
                     {"svd", Basis::singular_vectors,
                      "the leading singular vectors of the data, which stay as they are"}},
                    "what the shorter one of two factors is")
        .details(
            "For 2d1d of three axes (that of the axis beside the image) and matrices. With svd the "
            "network makes only the coefficients, in units of their singular values: for noise of "
            "one level, and data of which no entry is missing or held out.");
}

void declare_training(OptionTable& table, FactorNetworksOptions& options) {
    table.add_choice(
        "loss", options.loss,
        {{"l2", EntryLoss::Kind::squares, "squared error"},
         {"l1", EntryLoss::Kind::absolute, "absolute error: for gross outliers"},
         {"huber", EntryLoss::Kind::huber, "squared up to `huber_width`, then straight"},
         {"poisson", EntryLoss::Kind::poisson,
          "likelihood of counts with readout noise; needs the peak"}},
        "what an entry's misfit costs");
    table.add("huber_width", options.huber_width, "in units of the data").above(0.0);
    table.add("outliers", options.outliers, "a term for every entry that takes up gross errors")
        .details(
            "The data are fitted by the model plus g^2 - h^2, with numbers g and h for each entry "
            "that start near 0 and grow the faster, the more an entry lies beside the model: few "
            "gross errors leave the model, however large they are. The estimate is the model.");
    table
        .add("outlier_rate", options.outlier_rate,
             "how fast that term grows; the model must learn faster")
        .above(0.0)
        .details(
            "Too fast, it takes up all; too slow, the model fits the errors first. About 3 times "
            "learning_rate suits free factors.");
    table.add("learning_rate", options.learning_rate, "step size of Adam")
        .above(0.0)
        .auto_word("auto")
        .details("auto: 1e-3; 1e-2 for free factors and with basis = \"svd\".");
    table.add_choice(
        "schedule", options.schedule.kind,
        {{"fixed", ScheduleKind::fixed, ""},
         {"step", ScheduleKind::step, "`schedule_factor` every `schedule_period` steps"},
         {"exponential", ScheduleKind::exponential, "`schedule_factor` at every step"},
         {"cosine", ScheduleKind::cosine,
          "warm restarts every `schedule_period` steps, peaks times "
          "`schedule_factor`"}},
        "how the step size falls");
    table.add("schedule_factor", options.schedule.factor, "see schedule").above(0.0).maximum(1.0);
    table.add("schedule_period", options.schedule.period, "see schedule").minimum(1);
    table.add("steps", options.steps, "most steps of a fit").minimum(1);
    table
        .add("restarts", options.restarts,
             "fits from different random numbers; the one that validates best is the result")
        .minimum(1);
    table
        .add("refit", options.refit,
             "at the end, fit all that was observed for as many steps as were best")
        .details(
            "Data that validate are not fitted; this brings them back, at the cost of one "
            "more fit.");
}

void declare_stopping(OptionTable& table, FactorNetworksOptions& options) {
    using Validation = FactorNetworksOptions::Validation;
    table.add_choice(
        "validation", options.validation,
        {{"auto", Validation::automatic, "split where the noise is known, else held_out"},
         {"split", Validation::split,
          "the observation in two independent parts by its noise model: binomial thinning of "
          "counts, data fission of Gaussian noise"},
         {"held_out", Validation::held_out, "entries that are not fitted"},
         {"moving_variance", Validation::moving_variance,
          "minimum of the variance of the last estimates; needs neither the noise nor held-out "
          "entries, but may come far too early or not at all"},
         {"discrepancy", Validation::discrepancy,
          "until the mean squared error is that of the noise; needs loss = \"l2\""},
         {"none", Validation::none, "all `steps`"}},
        "what decides when a fit ends, and which of its steps is the result");
    table.add("validation_share", options.validation_share, "share of the data that validates")
        .above(0.0)
        .below(1.0);
    table.add("smoothing", options.smoothing, "weight of the past in the running validation loss")
        .minimum(0.0)
        .below(1.0);
    table.add("patience", options.patience, "steps without a new minimum after which a fit ends")
        .minimum(1);
    table
        .add("backtrack", options.backtrack,
             "an objective this many times the lowest one, or none at all, takes the fit back to "
             "the state it had then, with half the step size; 0: never")
        .minimum(0.0);
    table
        .add("average", options.average,
             "weight of the past in running means of the factors, which then are the result")
        .minimum(0.0)
        .below(1.0);
}

}  // namespace

void FactorNetworksOptions::declare(OptionTable& table) {
    table.add_choice("contraction", contraction,
                     {{"auto", Contraction::automatic,
                       "matrix for two axes; 2d1d where rows and cols lie side by side; else cp"},
                      {"matrix", Contraction::matrix, "U V^T"},
                      {"symmetric", Contraction::symmetric, "U U^T, for covariances"},
                      {"2d1d", Contraction::image,
                       "one image-like factor for rows and cols, one factor for each other axis"},
                      {"cp", Contraction::cp, "one factor per axis, with learned weights"},
                      {"tucker", Contraction::tucker, "one factor per axis, with a learned core"},
                      {"full", Contraction::full,
                       "one network makes the tensor itself, of two or three axes; `rank` does not "
                       "count: for comparison"}},
                     "how factors make the tensor");
    table.add("rank", rank, "columns of the factors").minimum(1);
    table.add("ranks", ranks, "for tucker: columns of each factor, one per axis")
        .minimum(1)
        .example("[20, 20, 8]");
    table
        .add("rank_tolerance", rank_tolerance,
             "share of the estimate's norm that may be missing: as many components as that takes "
             "are the effective rank")
        .above(0.0)
        .below(1.0)
        .details(
            "Components are singular triplets; for CP and nonnegative factors they are the "
            "products of columns as fitted; for tucker there is one rank per axis, and the largest "
            "is reported.");
    table.add("prune", prune, "leave the other components out of the estimate and the factors")
        .details(
            "The factors of two are then singular vectors, with singular values as weights; those "
            "of a Tucker model are orthonormal.");
    declare_basis(table, *this);
    declare_networks(table, *this);
    declare_training(table, *this);
    declare_stopping(table, *this);
    table.add_check("backtrack", [this]() -> std::string {
        return backtrack > 0.0 && backtrack <= 1.0
                   ? "an objective is never below the lowest one: take more than 1, or 0 for never"
                   : "";
    });
    table.add_check("any_sign", [this]() -> std::string {
        return !any_sign.empty() && generator.activation == OutputActivation::none
                   ? "without an activation all factors are of any sign: set method.activation"
                   : "";
    });
    table.add_check("validation", [this]() -> std::string {
        return validation == Validation::discrepancy && loss != EntryLoss::Kind::squares
                   ? "\"discrepancy\" compares mean squares: use it with loss = \"l2\""
                   : "";
    });
}

GeneratorOptions FactorNetworksOptions::generator_for(bool image_like) const {
    GeneratorOptions result = generator;
    const bool jitters = image_like && basis == Basis::network;
    result.jitter = jitter.value_or(jitters ? 1.0 / 30.0 : 0.0);
    return result;
}

ScheduleOptions FactorNetworksOptions::schedule_for_network() const {
    ScheduleOptions result = schedule;
    const bool fast =
        generator.kind == GeneratorKind::free_factor || basis == Basis::singular_vectors;
    result.step_size = learning_rate.value_or(fast ? 1e-2 : 1e-3);
    return result;
}

StoppingOptions FactorNetworksOptions::stopping_for(Validation resolved, double noise_power) const {
    StoppingOptions stopping;
    stopping.maximum_steps = steps;
    stopping.patience = patience;
    stopping.smoothing = smoothing;
    if (resolved == Validation::moving_variance) {
        // The first variances are those of leaving the start.
        constexpr Index first_steps = 100;
        stopping.ignored_steps = first_steps;
        stopping.smoothing = 0.0;
    } else if (resolved == Validation::discrepancy) {
        if (noise_power <= 0.0) {
            throw UsageError(
                "method.validation = \"discrepancy\" needs a known noise level: state data.noise "
                "and its level");
        }
        stopping.kind = StoppingOptions::Kind::target;
        stopping.target = noise_power;
    } else if (resolved == Validation::none) {
        stopping.kind = StoppingOptions::Kind::count;
    }
    return stopping;
}

EntryLoss FactorNetworksOptions::entry_loss(const NoiseModel& noise) const {
    EntryLoss result{loss, huber_width};
    if (loss == EntryLoss::Kind::poisson) {
        if (noise.kind != NoiseModel::Kind::poisson) {
            throw UsageError(
                "method.loss = \"poisson\" needs to know how many counts a value stands for: state "
                "data.noise = \"poisson\" with data.noise_peak");
        }
        result.peak = noise.peak;
        result.readout = noise.readout;
    }
    return result;
}

FactorNetworksOptions::Validation resolve_validation(FactorNetworksOptions::Validation wanted,
                                                     bool noise_known) {
    using Validation = FactorNetworksOptions::Validation;
    if (wanted != Validation::automatic) {
        return wanted;
    }
    return noise_known ? Validation::split : Validation::held_out;
}

}  // namespace tessera
