#pragma once

#include <memory>
#include <string>

#include "tessera/base/archive.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// What a checkpoint says of itself beside the state.
struct CheckpointHeader {
    Index step = 0;               ///< steps done
    std::string deck;             ///< the resolved deck of the run
    std::string program_version;  ///< filled by the writer
    int ranks = 0;                ///< that wrote it; filled by the writer
};

/// Saves a state into an HDF5 file: replicated members once, distributed ones as whole arrays, so
/// that any number of ranks can read it. Each member carries a checksum of its indices and bits
/// that does not depend on how it is cut into blocks. Loaded members have the very bits that were
/// saved.
///
/// The blocks of all ranks must tile the array. All functions are collective and throw the same
/// IoError on all ranks. The file has its final name only after `close`.
class CheckpointWriter : public Archive {
  public:
    /// Creates `path`.partial.
    CheckpointWriter(const Communicator& communicator, std::string path,
                     const CheckpointHeader& header);
    ~CheckpointWriter() override;

    [[nodiscard]] bool loading() const override { return false; }
    void value(const std::string& name, std::int64_t& member) override;
    void value(const std::string& name, double& member) override;
    void value(const std::string& name, bool& member) override;
    void value(const std::string& name, std::string& member) override;
    void value(const std::string& name, std::vector<double>& member) override;
    void value(const std::string& name, std::vector<std::int64_t>& member) override;
    void block(const std::string& name, const BlockPlace& place, double* data) override;
    void block(const std::string& name, const BlockPlace& place, float* data) override;
    void open_group(const std::string& name) override;
    void close_group() override;

    /// Everything on the disk, under the final name.
    void close();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Loads a state from a checkpoint. Collective; a member that is missing, of another type or of
/// another shape is an IoError with its name.
class CheckpointReader : public Archive {
  public:
    /// Opens the file and reads its header; throws IoError when it is no readable checkpoint of
    /// this format version.
    CheckpointReader(const Communicator& communicator, std::string path);
    ~CheckpointReader() override;

    [[nodiscard]] const CheckpointHeader& header() const;

    /// Reads every member and compares checksums; throws IoError naming the first damaged one. The
    /// work is shared out evenly over the ranks.
    void verify();

    [[nodiscard]] bool loading() const override { return true; }
    void value(const std::string& name, std::int64_t& member) override;
    void value(const std::string& name, double& member) override;
    void value(const std::string& name, bool& member) override;
    void value(const std::string& name, std::string& member) override;
    void value(const std::string& name, std::vector<double>& member) override;
    void value(const std::string& name, std::vector<std::int64_t>& member) override;
    void block(const std::string& name, const BlockPlace& place, double* data) override;
    void block(const std::string& name, const BlockPlace& place, float* data) override;
    void open_group(const std::string& name) override;
    void close_group() override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tessera
