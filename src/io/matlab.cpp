#include "matlab.hpp"

#include "dataset_info.hpp"
#include "find_dataset.hpp"
#include "linear_session.hpp"
#include "matlab_catalogue.hpp"

namespace tessera {

namespace {

/// Unpacks a compressed variable from front to back and keeps what is wanted. Every rank unpacks
/// the whole of it, which takes as long as one rank would need, for such a variable holds at most 4
/// GiB; none keeps more than a window of it.
class InflateSession : public ReadSession {
  public:
    InflateSession(const MatlabArray& array, const StorageShape& storage)
        : file_(array.info.path),
          source_(file_, array.packed_begin, array.packed_bytes),
          data_begin_(array.data_begin),
          entry_bytes_(static_cast<Index>(size_of(*array.info.type))),
          swapped_(array.swapped),
          shape_(storage.extents) {}

    void read(const Box& piece, std::byte* buffer) override {
        const int order = shape_.order();
        Extents lines = piece.shape();
        const Index line = lines[order - 1];
        lines[order - 1] = piece.size() > 0 ? 1 : 0;
        std::byte* target = buffer;
        for (Index item = 0; item < lines.product(); ++item) {
            Extents position = row_major_position(item, lines);
            for (int mode = 0; mode < order; ++mode) {
                position[mode] += piece.begin[mode];
            }
            const Index place = data_begin_ + row_major_offset(position, shape_) * entry_bytes_;
            source_.skip(place - source_.position());
            source_.read(target, line * entry_bytes_);
            target += line * entry_bytes_;
        }
        if (swapped_) {
            swap_bytes(buffer, piece.size(), static_cast<std::size_t>(entry_bytes_));
        }
    }

    void finish() override { source_.finish(); }

    [[nodiscard]] Extents grain() const override { return Extents::filled(shape_.order(), 1); }

  private:
    InputFile file_;
    InflateSource source_;
    Index data_begin_;
    Index entry_bytes_;
    bool swapped_;
    Extents shape_;
};

class MatlabReader : public TensorReader {
  public:
    explicit MatlabReader(const MatlabArray& array) : TensorReader(array.info), array_(array) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        if (array_.compressed) {
            return std::make_unique<InflateSession>(array_, storage);
        }
        const LinearLayout layout{array_.data_begin, *info().type, array_.swapped};
        InputFile file(info().path);
        check_file_size(file, layout, info().shape);
        return std::make_unique<LinearSession>(std::move(file), layout, storage);
    }

    MatlabArray array_;
};

}  // namespace

bool looks_like_matlab(const std::string& first_bytes) {
    return first_bytes.size() >= 128 && (first_bytes.substr(124, 4) == std::string("\0\1IM", 4) ||
                                         first_bytes.substr(124, 4) == std::string("\1\0MI", 4));
}

std::vector<DatasetInfo> list_matlab(const std::string& path) {
    std::vector<DatasetInfo> infos;
    for (MatlabArray& array : matlab_arrays(InputFile(path))) {
        infos.push_back(std::move(array.info));
    }
    return infos;
}

std::unique_ptr<TensorReader> open_matlab(const std::string& path, const std::string& dataset) {
    const std::vector<MatlabArray> arrays = matlab_arrays(InputFile(path));
    std::vector<DatasetInfo> infos;
    for (const MatlabArray& array : arrays) {
        infos.push_back(array.info);
    }
    return std::make_unique<MatlabReader>(arrays[find_dataset(infos, path, dataset)]);
}

}  // namespace tessera
