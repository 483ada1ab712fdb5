#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tessera/io/checkpoint_archive.hpp"

namespace tessera {

/// The newest checkpoint whose every byte was found in order.
struct FoundCheckpoint {
    std::string path;
    CheckpointHeader header;
    std::vector<std::string>
        remarks;  ///< sentences for the log: which damaged file was passed over
};

/// The two alternating checkpoints `a.h5` and `b.h5` of a run: the newer one is never touched while
/// the next is written. A resumed run calls `find_newest_valid` before its first `save`. All
/// functions are collective and throw the same Error on all ranks.
class CheckpointFiles {
  public:
    /// Makes `folder` when it is missing.
    CheckpointFiles(const Communicator& communicator, std::string folder);

    /// Writes the state over the older checkpoint. `serialise` is given the archive to save into.
    void save(const CheckpointHeader& header, const std::function<void(Archive&)>& serialise);

    /// Verifies both files, the one of the later step first, and returns the first valid one; the
    /// next `save` then goes to the other. IoError when there is none.
    [[nodiscard]] FoundCheckpoint find_newest_valid();

    /// Deletes both, for a run that begins anew in the folder of an old one.
    void remove_all();

  private:
    [[nodiscard]] std::string path(int which) const;

    Communicator communicator_;
    std::string folder_;
    int next_ = 0;
};

}  // namespace tessera
