#pragma once

#include <vector>

namespace tessera {

/// Draws of one scalar quantity after warm-up: chains x draws, all of one length.
using Chains = std::vector<std::vector<double>>;

/// Rank-normalised split R-hat (Vehtari, Gelman, Simpson, Carpenter and Buerkner 2021, section 4):
/// each chain is cut into halves, the draws are replaced by the normal scores of their ranks, and
/// the larger one of the values of the scores and of the scores of distances from the median is
/// given. 1 where chains agree; above 1.01 they should run on. NaN where all draws are equal, one
/// is not finite, or a chain has fewer than four.
[[nodiscard]] double split_r_hat(const Chains& chains);

/// Effective number of independent draws for the mean of the quantity itself: Geyer's initial
/// monotone sequence over the autocorrelations of split chains. At most S log10 S for S draws.
/// NaN as for split_r_hat.
///
/// Autocovariances are summed directly, lag after lag, until a pair of them is not positive: about
/// draws times five autocorrelation times operations, at worst their square.
[[nodiscard]] double effective_size(const Chains& chains);

/// The same of the normal scores: how well the bulk of the distribution is known.
[[nodiscard]] double bulk_effective_size(const Chains& chains);

/// The smaller one of the effective sizes of the indicators of being below the 5 % and the 95 %
/// quantile: how well the tails are known.
[[nodiscard]] double tail_effective_size(const Chains& chains);

/// Monte-Carlo standard error of the mean over all draws: standard deviation over the root of
/// effective_size.
[[nodiscard]] double mean_standard_error(const Chains& chains);

}  // namespace tessera
