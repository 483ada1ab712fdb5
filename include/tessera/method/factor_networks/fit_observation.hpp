#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/problem/problem.hpp"
#include "tessera/problem/sparse_problem.hpp"
#include "tessera/tensor/fused_contraction.hpp"

namespace tessera {

/// The observation as a fit sees it: which entries it is fitted to, and what judges the fit.
template <typename T>
class FitObservation {
  public:
    enum class Judge {
        nothing,
        split,          ///< the other one of two independent parts of every entry
        held_out,       ///< a share of the entries, chosen by their global position
        held_out_pairs  ///< of a symmetric matrix: an entry and its mirror image together
    };

    /// `share` of the observation is for training where it is split, 1 - share of the entries
    /// where some are held out. Collective. Throws UsageError where nothing is left on one side,
    /// and for a split of unknown noise; MemoryError.
    FitObservation(const Problem<T>& problem, Judge judge, double share, std::uint64_t seed);

    /// The same of a list of entries, which is never split.
    FitObservation(const SparseProblem<T>& problem, Judge judge, double share, std::uint64_t seed);

    /// From here on only the observed entries are held, one behind the other, for
    /// ListedContraction. Collective; throws MemoryError.
    void list_entries();
    [[nodiscard]] bool listed() const { return listed_; }
    /// Of the listed entries: where they lie in the block, ascending.
    [[nodiscard]] const std::vector<Index>& offsets() const { return offsets_; }
    /// Entries of `data`: of the block, or of the list.
    [[nodiscard]] Index local_count() const { return local_count_; }
    /// Numbers of which there is one for each entry of `data`; unlisted ones count as 0.
    void serialise_entries(Archive& archive, const std::string& name, T* values) const;

    /// What a fit works on, and the same with all that was observed for training.
    [[nodiscard]] FitData<T> data() const { return data_; }
    [[nodiscard]] FitData<T> all_data() const { return all_data_; }
    /// What a fit works on, or all that was observed, as a tensor; not where entries are listed.
    [[nodiscard]] const DenseTensor<T>& tensor(bool all) const { return all ? *whole_ : *fitted_; }
    /// Over all ranks: entries for training, entries that judge, entries observed.
    [[nodiscard]] double training_count() const { return training_count_; }
    [[nodiscard]] double validation_count() const { return validation_count_; }
    [[nodiscard]] double observed_count() const { return observed_count_; }
    /// Largest absolute value observed; 1 where all are 0.
    [[nodiscard]] double scale() const { return scale_; }
    /// Expected mean square of the noise; 0 where it is not known.
    [[nodiscard]] double noise_power() const { return noise_power_; }

  private:
    /// Who shares the tensor, and its blocks.
    FitObservation(const Communicator& communicator, const BlockPlace& place);
    void assign_roles(const std::optional<Mask>& mask, Judge judge, double held_share,
                      std::uint64_t seed);
    void summarise(const NoiseModel& noise);
    void check_counts(Judge judge) const;

    Communicator communicator_;
    std::optional<DenseTensor<T>> whole_;   ///< none: a list
    std::optional<DenseTensor<T>> fitted_;  ///< the observation, or its part for training
    HostView<const T> observation_;
    HostView<const T> training_;             ///< of a split
    HostView<std::uint8_t> roles_;           ///< EntryRole of each entry; empty: all for training
    HostView<std::uint8_t> observed_roles_;  ///< the same with none held out
    bool listed_ = false;
    std::vector<Index> offsets_;
    BlockPlace place_;
    Index local_count_ = 0;
    FitData<T> data_;
    FitData<T> all_data_;
    double training_count_ = 0.0;
    double validation_count_ = 0.0;
    double observed_count_ = 0.0;
    double scale_ = 1.0;
    double noise_power_ = 0.0;
};

}  // namespace tessera
