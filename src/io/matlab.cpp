#include "matlab.hpp"

#include "dataset_info.hpp"
#include "find_dataset.hpp"
#include "linear_session.hpp"
#include "matlab_catalogue.hpp"

namespace tessera {

namespace {

class MatlabReader : public TensorReader {
  public:
    explicit MatlabReader(const MatlabArray& array) : TensorReader(array.info), array_(array) {}

  private:
    [[nodiscard]] std::unique_ptr<ReadSession> start(const StorageShape& storage,
                                                     const Communicator&) const override {
        const LinearLayout layout{array_.data_begin, *info().type, array_.swapped};
        InputFile file(info().path);
        if (array_.compressed) {
            auto variable = std::make_unique<InflateRegion>(std::move(file), array_.packed_begin,
                                                            array_.packed_bytes, Packing::zlib);
            return std::make_unique<LinearSession>(std::move(variable), layout, storage);
        }
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
