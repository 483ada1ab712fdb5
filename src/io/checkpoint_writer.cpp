#include <vector>

#include "checkpoint_member.hpp"
#include "hdf5_attribute.hpp"
#include "partial_file.hpp"
#include "tessera/base/build_info.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/checkpoint_archive.hpp"

namespace tessera {

struct CheckpointWriter::State {
    State(const Communicator& communicator, std::string path)
        : file(communicator, std::move(path)) {}

    [[nodiscard]] std::string prefix() const {
        std::string text = "/state";
        for (const std::string& group : groups) {
            text += "/" + group;
        }
        return text;
    }

    void create_group(const std::string& group) const {
        const hdf5::Handle made = hdf5::checked(
            H5Gcreate2(file.id(), group.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
            "write " + file.path() + ", group " + group);
    }

    template <typename T>
    void write(const MemberInfo& member, const Box& box, const T* values);
    template <typename T>
    void write_replicated(const std::string& member, const std::string& kind, const Extents& shape,
                          const T* values);
    template <typename T>
    void write_block(const std::string& member, const BlockPlace& place, const T* values);

    PartialFile file;
    std::vector<std::string> groups;
};

template <typename T>
void CheckpointWriter::State::write(const MemberInfo& member, const Box& box, const T* values) {
    const hdf5::Silence silence;
    const std::string name = file.path() + ", member " + member.path;
    const std::string action = "write " + name;
    file.reserve(static_cast<double>(member.shape.product()) * sizeof(T), "member " + member.path);
    hdf5::Handle dataset;
    file.together([&] {
        TESSERA_ASSERT(!hdf5::exists(file.id(), member.path),
                       "two members are called " + member.path);
        const hdf5::Handle space = hdf5::dataspace(member.shape);
        dataset = hdf5::checked(H5Dcreate2(file.id(), member.path.c_str(), hdf5::native_type<T>(),
                                           space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                H5Dclose, action);
        hdf5::write_attribute(dataset.get(), "kind", member.kind);
        hdf5::write_attribute(
            dataset.get(), "checksum",
            std::vector<std::int64_t>{static_cast<std::int64_t>(member.checksum)});
    });
    if (member.shape.product() > 0) {
        hdf5::write_box(dataset.get(), box, values, file.communicator(), name);
    }
}

template <typename T>
void CheckpointWriter::State::write_replicated(const std::string& member, const std::string& kind,
                                               const Extents& shape, const T* values) {
    const Extents zero = Extents::filled(shape.order(), 0);
    const Box whole{zero, shape};
    const MemberInfo info{member, kind, shape, checksum(shape, whole, values)};
    // Rank 0 writes it. (The box of a scalar cannot be empty: there all write the same number.)
    write(info, file.communicator().rank() == 0 ? whole : Box{zero, zero}, values);
}

template <typename T>
void CheckpointWriter::State::write_block(const std::string& member, const BlockPlace& place,
                                          const T* values) {
    const Communicator& ranks = file.communicator();
    TESSERA_ASSERT(ranks.sum(place.box.size()) == place.shape.product(),
                   "the blocks of member " + member + " do not tile its array");
    const std::uint64_t sum = ranks.sum(checksum(place.shape, place.box, values));
    write(MemberInfo{member, member_kind::block<T>, place.shape, sum}, place.box, values);
}

CheckpointWriter::CheckpointWriter(const Communicator& communicator, std::string path,
                                   const CheckpointHeader& header)
    : state_(std::make_unique<State>(communicator, std::move(path))) {
    State& state = *state_;
    state.file.together([&] {
        const hid_t root = state.file.id();
        hdf5::write_attribute(root, "format", checkpoint_format);
        hdf5::write_attribute(root, "format_version",
                              std::vector<std::int64_t>{checkpoint_format_version});
        hdf5::write_attribute(root, "step", std::vector<std::int64_t>{header.step});
        hdf5::write_attribute(root, "ranks", std::vector<std::int64_t>{communicator.size()});
        hdf5::write_attribute(root, "program_version", std::string(build_info().version));
        hdf5::write_attribute(root, "git_commit", std::string(build_info().git_commit));
        state.create_group("/state");
    });
    const std::vector<std::uint8_t> deck(header.deck.begin(), header.deck.end());
    state.write_replicated("/deck", member_kind::text, Extents{static_cast<Index>(deck.size())},
                           deck.data());
}

CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::value(const std::string& name, std::int64_t& member) {
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::integer, Extents{},
                             &member);
}
void CheckpointWriter::value(const std::string& name, double& member) {
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::real, Extents{}, &member);
}
void CheckpointWriter::value(const std::string& name, bool& member) {
    const std::uint8_t stored = member ? 1 : 0;
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::boolean, Extents{},
                             &stored);
}
void CheckpointWriter::value(const std::string& name, std::string& member) {
    const std::vector<std::uint8_t> bytes(member.begin(), member.end());
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::text,
                             Extents{static_cast<Index>(bytes.size())}, bytes.data());
}
void CheckpointWriter::value(const std::string& name, std::vector<double>& member) {
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::reals,
                             Extents{static_cast<Index>(member.size())}, member.data());
}
void CheckpointWriter::value(const std::string& name, std::vector<std::int64_t>& member) {
    state_->write_replicated(state_->prefix() + "/" + name, member_kind::integers,
                             Extents{static_cast<Index>(member.size())}, member.data());
}
void CheckpointWriter::block(const std::string& name, const BlockPlace& place, double* data) {
    state_->write_block(state_->prefix() + "/" + name, place, data);
}
void CheckpointWriter::block(const std::string& name, const BlockPlace& place, float* data) {
    state_->write_block(state_->prefix() + "/" + name, place, data);
}

void CheckpointWriter::open_group(const std::string& name) {
    state_->groups.push_back(name);
    const std::string group = state_->prefix();
    state_->file.together([&] {
        const hdf5::Silence silence;
        if (!hdf5::exists(state_->file.id(), group)) {
            state_->create_group(group);
        }
    });
}

void CheckpointWriter::close_group() { state_->groups.pop_back(); }

void CheckpointWriter::close() { state_->file.publish(); }

}  // namespace tessera
