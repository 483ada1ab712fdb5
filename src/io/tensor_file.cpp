#include "tessera/io/tensor_file.hpp"

#include <filesystem>

#include "tensor_format.hpp"

namespace tessera {

std::vector<DatasetInfo> list_datasets(const std::string& path) {
    return format_of(path).list(path);
}

FileLocation split_location(const std::string& location) {
    std::error_code ignored;
    const std::size_t colon = location.rfind(':');
    if (colon == std::string::npos || std::filesystem::exists(location, ignored)) {
        return {location, {}};
    }
    return {location.substr(0, colon), location.substr(colon + 1)};
}

}  // namespace tessera
