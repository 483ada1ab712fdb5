#include "find_dataset.hpp"

#include <algorithm>

#include "dataset_info.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

constexpr std::size_t most_listed = 12;

std::string choices(const std::vector<DatasetInfo>& infos) {
    std::string text;
    std::size_t listed = 0;
    std::size_t readable = 0;
    for (const DatasetInfo& info : infos) {
        readable += info.readable() ? 1 : 0;
        if (info.readable() && listed < most_listed) {
            text += (listed > 0 ? ", " : "") + info.dataset + " (" + info.shape_text() + " " +
                    info.type_text + ")";
            ++listed;
        }
    }
    if (readable == 0) {
        return "it holds no numeric array";
    }
    return "it holds " + text +
           (readable > listed ? " and " + std::to_string(readable - listed) + " more" : "");
}

std::size_t long_axes(const DatasetInfo& info) {
    return static_cast<std::size_t>(std::count_if(info.shape.begin(), info.shape.end(),
                                                  [](Index extent) { return extent > 1; }));
}

/// Names without the slash that HDF5's begin with.
std::string plain(const std::string& name) { return name.starts_with('/') ? name.substr(1) : name; }

}  // namespace

std::size_t find_dataset(const std::vector<DatasetInfo>& infos, const std::string& path,
                         const std::string& dataset) {
    if (!dataset.empty()) {
        for (std::size_t i = 0; i < infos.size(); ++i) {
            if (plain(infos[i].dataset) == plain(dataset)) {
                require_readable(infos[i]);
                return i;
            }
        }
        throw UsageError(path + " has no array '" + dataset + "': " + choices(infos));
    }
    const auto principal = std::find_if(infos.begin(), infos.end(), [](const DatasetInfo& info) {
        return info.principal && info.readable();
    });
    if (principal != infos.end()) {
        return static_cast<std::size_t>(principal - infos.begin());
    }
    for (const std::size_t axes : {std::size_t{2}, std::size_t{3}}) {
        std::vector<std::size_t> fitting;
        for (std::size_t i = 0; i < infos.size(); ++i) {
            if (infos[i].readable() && long_axes(infos[i]) >= axes) {
                fitting.push_back(i);
            }
        }
        if (fitting.size() == 1) {
            return fitting.front();
        }
    }
    const auto first = std::find_if(infos.begin(), infos.end(),
                                    [](const DatasetInfo& info) { return info.readable(); });
    const std::string example = first == infos.end() ? "" : ", for example " + first->short_name();
    throw UsageError(path + ": say which array to read" + example + "; " + choices(infos));
}

}  // namespace tessera
