#pragma once

#include "tessera/base/types.hpp"

namespace tessera {

enum class GeneratorKind { skip_network, deep_decoder, sine_network, free_factor };

enum class InputKind { uniform, fourier };

/// What is applied to the finished rows, to make them nonnegative.
enum class OutputActivation { none, softplus, absolute, relu };

/// What a factor generator is made of; sizes of 0 are chosen by it. Each field names the kinds that
/// use it where not all do.
struct GeneratorOptions {
    GeneratorKind kind = GeneratorKind::skip_network;
    Index channels = 128;     ///< width of hidden layers; sine network: 0 is the longest extent
    Index scales = 5;         ///< skip network (at most), deep decoder (upsamplings)
    Index skip_channels = 4;  ///< skip network
    OutputActivation activation = OutputActivation::none;

    /// Input of the skip network and the deep decoder: uniform on (0, input_scale), or sines and
    /// cosines of input_channels / 2 normal random frequencies.
    InputKind input = InputKind::uniform;
    Index input_channels = 0;  ///< 0: as many as the rank (deep decoder: as `channels`)
    double input_scale = 0.1;
    bool learn_input = true;
    double jitter = 0.0;  ///< standard deviation of fresh normal noise on the input at each step

    double sine_frequency = 2.0;  ///< omega_0 of the sine network
    Index hidden_layers = 2;      ///< of the sine network
    double free_scale = 1.0;      ///< standard deviation of the first values of a free factor
    bool average = false;         ///< keep a running average of the parameters
};

}  // namespace tessera
