#pragma once

#include <functional>

#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Runs `work` on every rank of `communicator`; if it throws an Error on any of them, all ranks
/// throw the Error of the lowest rank that failed. Inside `work` there must be no collective call,
/// or a rank that has left it would leave the others waiting (DESIGN.md, rule 6).
void agree(const Communicator& communicator, const std::function<void()>& work);

/// The same with work for rank 0 alone.
void agree_on_rank_0(const Communicator& communicator, const std::function<void()>& work);

}  // namespace tessera
