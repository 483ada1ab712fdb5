#include <charconv>
#include <optional>
#include <vector>

#include "box_pieces.hpp"
#include "checkpoint_member.hpp"
#include "hdf5_attribute.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/checkpoint_archive.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

/// Entries that `verify` holds at a time.
constexpr Index verify_entries = Index{1} << 22;

Index number_attribute(hid_t file, const std::string& name, const std::string& path) {
    const std::string text = hdf5::attribute_text(file, name);
    Index number = -1;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
        throw IoError(path + ": the checkpoint has no readable attribute " + name);
    }
    return number;
}

CheckpointHeader read_header(const std::string& path) {
    const hdf5::Handle file = hdf5::open_file(path);
    if (!hdf5::has_attribute(file.get(), "format") ||
        hdf5::attribute_text(file.get(), "format") != checkpoint_format) {
        throw IoError(path + ": this is not a checkpoint of this program");
    }
    const Index version = number_attribute(file.get(), "format_version", path);
    if (version != checkpoint_format_version) {
        throw IoError(path + ": this checkpoint has format version " + std::to_string(version) +
                      ", this program reads version " + std::to_string(checkpoint_format_version) +
                      "; resume it with the version of the program that wrote it");
    }
    CheckpointHeader header;
    header.step = number_attribute(file.get(), "step", path);
    header.ranks = static_cast<int>(number_attribute(file.get(), "ranks", path));
    header.program_version = hdf5::attribute_text(file.get(), "program_version");
    return header;
}

/// Collects the paths of all datasets; called by C, so nothing may be thrown.
herr_t collect_dataset(hid_t, const char* name, const H5O_info_t* info, void* paths) noexcept {
    if (info->type == H5O_TYPE_DATASET) {
        static_cast<std::vector<std::string>*>(paths)->push_back(std::string("/") + name);
    }
    return 0;
}

/// Part of an array that this rank verifies: a share of its longest mode.
Box share_of(const Extents& shape, const Communicator& communicator) {
    Box share{Extents::filled(shape.order(), 0), shape};
    if (shape.order() == 0) {
        return share;
    }
    int longest = 0;
    for (int mode = 1; mode < shape.order(); ++mode) {
        longest = shape[mode] > shape[longest] ? mode : longest;
    }
    const Range range = block_range(shape[longest], communicator.size(), communicator.rank());
    share.begin[longest] = range.begin;
    share.end[longest] = range.end;
    return share;
}

}  // namespace

struct CheckpointReader::State {
    State(const Communicator& ranks, std::string file_path)
        : communicator(ranks), path(std::move(file_path)) {}

    [[nodiscard]] std::string member_path(const std::string& name) const {
        std::string text = "/state";
        for (const std::string& group : groups) {
            text += "/" + group;
        }
        return text + "/" + name;
    }
    [[nodiscard]] std::string where(const std::string& member) const {
        return path + ", member " + member;
    }

    struct Member {
        hdf5::Handle dataset;
        MemberInfo info;
    };
    /// Collective.
    [[nodiscard]] Member open(const std::string& member);
    /// The same for a member that must be of one kind.
    [[nodiscard]] Member open(const std::string& member, const std::string& kind);

    template <typename T>
    void read_whole(const Member& member, T* values) {
        const Extents& shape = member.info.shape;
        if (shape.product() > 0) {
            hdf5::read_box(member.dataset.get(), Box{Extents::filled(shape.order(), 0), shape},
                           values, communicator, where(member.info.path));
        }
    }
    template <typename T>
    [[nodiscard]] T read_scalar(const std::string& member, const std::string& kind) {
        T value{};
        read_whole(open(member, kind), &value);
        return value;
    }
    template <typename T>
    [[nodiscard]] std::vector<T> read_vector(const std::string& member, const std::string& kind) {
        const Member found = open(member, kind);
        std::vector<T> values;
        agree(communicator,
              [&] { values.resize(static_cast<std::size_t>(found.info.shape.product())); });
        read_whole(found, values.data());
        return values;
    }
    template <typename T>
    void read_block(const std::string& member, const BlockPlace& place, T* data);
    template <typename T>
    void verify(const Member& member);

    Communicator communicator;
    std::string path;
    CheckpointHeader header;
    hdf5::Handle file;
    std::vector<std::string> groups;
};

CheckpointReader::State::Member CheckpointReader::State::open(const std::string& member) {
    const hdf5::Silence silence;
    Member found;
    agree(communicator, [&] {
        if (!hdf5::exists(file.get(), member)) {
            throw IoError(path + ": the checkpoint has no member " + member +
                          "; was it written by this method and this version of the program?");
        }
        found.dataset = hdf5::checked(H5Dopen2(file.get(), member.c_str(), H5P_DEFAULT), H5Dclose,
                                      "read " + where(member));
        found.info = inspect_member(found.dataset.get(), member, where(member));
    });
    return found;
}

CheckpointReader::State::Member CheckpointReader::State::open(const std::string& member,
                                                              const std::string& kind) {
    Member found = open(member);
    if (found.info.kind != kind) {
        throw IoError(where(member) + " is stored as " + found.info.kind + " where " + kind +
                      " is expected; was the run started with another method or precision?");
    }
    return found;
}

template <typename T>
void CheckpointReader::State::read_block(const std::string& member, const BlockPlace& place,
                                         T* data) {
    const Member found = open(member, member_kind::block<T>);
    if (!(found.info.shape == place.shape)) {
        throw IoError(where(member) + " has the shape " + found.info.shape.to_string() + " where " +
                      place.shape.to_string() + " is expected; does it belong to another run?");
    }
    hdf5::read_box(found.dataset.get(), place.box, data, communicator, where(member));
}

template <typename T>
void CheckpointReader::State::verify(const Member& member) {
    const Extents& shape = member.info.shape;
    std::uint64_t sum = 0;
    if (shape.order() == 0) {
        T value{};
        read_whole(member, &value);
        sum = checksum(shape, Box{}, &value);
    } else {
        const BoxPieces pieces(share_of(shape, communicator), verify_entries);
        const Index rounds = communicator.max(pieces.count());
        std::vector<T> values;
        for (Index round = 0; round < rounds; ++round) {
            const Box piece = pieces.piece(round);
            agree(communicator, [&] { values.resize(static_cast<std::size_t>(piece.size())); });
            hdf5::read_box(member.dataset.get(), piece, values.data(), communicator,
                           where(member.info.path));
            sum += checksum(shape, piece, values.data());
        }
        sum = communicator.sum(sum);
    }
    if (sum != member.info.checksum) {
        throw IoError(where(member.info.path) + " is damaged: its checksum does not match");
    }
}

CheckpointReader::CheckpointReader(const Communicator& communicator, std::string path)
    : state_(std::make_unique<State>(communicator, std::move(path))) {
    State& state = *state_;
    const hdf5::Silence silence;
    // One rank looks first, by plain file access: what is no checkpoint never gets to MPI-IO.
    agree(communicator, [&] {
        if (communicator.rank() == 0) {
            state.header = read_header(state.path);
        }
    });
    communicator.broadcast(&state.header.step, 1);
    communicator.broadcast(&state.header.ranks, 1);
    communicator.broadcast(state.header.program_version);
    agree(communicator, [&] { state.file = hdf5::open_file(state.path, communicator); });
    const std::vector<std::uint8_t> deck =
        state.read_vector<std::uint8_t>("/deck", member_kind::text);
    state.header.deck.assign(deck.begin(), deck.end());
}

CheckpointReader::~CheckpointReader() = default;

const CheckpointHeader& CheckpointReader::header() const { return state_->header; }

void CheckpointReader::verify() {
    const hdf5::Silence silence;
    std::vector<std::string> members;
    agree(state_->communicator, [&] {
        hdf5::check(H5Ovisit2(state_->file.get(), H5_INDEX_NAME, H5_ITER_INC, collect_dataset,
                              &members, H5O_INFO_BASIC),
                    "read " + state_->path);
    });
    for (const std::string& path : members) {
        const State::Member member = state_->open(path);
        const std::string& kind = member.info.kind;
        if (kind == member_kind::block<float>) {
            state_->verify<float>(member);
        } else if (kind == member_kind::integer || kind == member_kind::integers) {
            state_->verify<std::int64_t>(member);
        } else if (kind == member_kind::boolean || kind == member_kind::text) {
            state_->verify<std::uint8_t>(member);
        } else {
            state_->verify<double>(member);
        }
    }
}

void CheckpointReader::value(const std::string& name, std::int64_t& member) {
    member = state_->read_scalar<std::int64_t>(state_->member_path(name), member_kind::integer);
}
void CheckpointReader::value(const std::string& name, double& member) {
    member = state_->read_scalar<double>(state_->member_path(name), member_kind::real);
}
void CheckpointReader::value(const std::string& name, bool& member) {
    member =
        state_->read_scalar<std::uint8_t>(state_->member_path(name), member_kind::boolean) != 0;
}
void CheckpointReader::value(const std::string& name, std::string& member) {
    const std::vector<std::uint8_t> bytes =
        state_->read_vector<std::uint8_t>(state_->member_path(name), member_kind::text);
    member.assign(bytes.begin(), bytes.end());
}
void CheckpointReader::value(const std::string& name, std::vector<double>& member) {
    member = state_->read_vector<double>(state_->member_path(name), member_kind::reals);
}
void CheckpointReader::value(const std::string& name, std::vector<std::int64_t>& member) {
    member = state_->read_vector<std::int64_t>(state_->member_path(name), member_kind::integers);
}
void CheckpointReader::block(const std::string& name, const BlockPlace& place, double* data) {
    state_->read_block(state_->member_path(name), place, data);
}
void CheckpointReader::block(const std::string& name, const BlockPlace& place, float* data) {
    state_->read_block(state_->member_path(name), place, data);
}

void CheckpointReader::open_group(const std::string& name) { state_->groups.push_back(name); }
void CheckpointReader::close_group() { state_->groups.pop_back(); }

}  // namespace tessera
