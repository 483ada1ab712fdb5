#include "stored_array.hpp"

#include <iterator>

#include "dataset_info.hpp"
#include "linear_session.hpp"
#include "tessera/base/error.hpp"
#include "text_region.hpp"

namespace tessera {

namespace {

std::unique_ptr<ByteRegion> unpacked_bytes(const StoredArray& array) {
    InputFile file(array.data_path);
    const Index bytes = array.end - array.begin;
    switch (array.coding) {
        case StoredArray::Coding::plain:
            return std::make_unique<FileRegion>(std::move(file), array.begin);
        case StoredArray::Coding::zlib:
            return std::make_unique<InflateRegion>(std::move(file), array.begin, bytes,
                                                   Packing::zlib);
        case StoredArray::Coding::gzip:
            return std::make_unique<InflateRegion>(std::move(file), array.begin, bytes,
                                                   Packing::gzip);
        case StoredArray::Coding::text:
            return std::make_unique<TextRegion>(std::move(file), array.begin, array.end,
                                                *array.info.type);
    }
    TESSERA_ASSERT(false, "unknown coding");
}

class StoredReader : public TensorReader {
  public:
    explicit StoredReader(StoredArray array) : TensorReader(array.info), array_(std::move(array)) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        check_stored_size(array_);
        const LinearLayout layout{array_.offset, *info().type, array_.swapped};
        return std::make_unique<LinearSession>(unpacked_bytes(array_), layout, storage);
    }

    StoredArray array_;
};

}  // namespace

void check_stored_size(const StoredArray& array) {
    const InputFile file(array.data_path);
    const auto begin = static_cast<double>(array.begin);
    const double numbers = byte_count(array.info.shape, 1);
    const double bytes = static_cast<double>(array.offset) +
                         numbers * static_cast<double>(size_of(*array.info.type));
    if (array.end > file.size()) {
        throw_truncated(array.data_path, static_cast<double>(array.end),
                        static_cast<double>(file.size()));
    }
    double least = bytes;
    if (array.coding == StoredArray::Coding::text) {
        least = 2.0 * numbers - 1.0;  // a character for the number and one for the blank behind it
    } else if (array.coding != StoredArray::Coding::plain) {
        check_packed_size(file, array.end - array.begin, bytes);
        return;
    }
    if (begin + least > static_cast<double>(array.end)) {
        throw_truncated(array.data_path, begin + least, static_cast<double>(array.end));
    }
}

std::unique_ptr<TensorReader> open_stored(StoredArray array) {
    require_readable(array.info);
    return std::make_unique<StoredReader>(std::move(array));
}

std::vector<std::string> image_axis_names(std::size_t count) {
    static constexpr const char* names[] = {"cols", "rows", "slices", "time"};
    std::vector<std::string> result;
    for (std::size_t place = count; place-- > 0;) {
        result.push_back(place < std::size(names) ? names[place] : "axis" + std::to_string(place));
    }
    return result;
}

}  // namespace tessera
