#include "tessera/problem/axis_roles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

int find_role(const std::vector<std::string>& axes, const std::vector<std::string>& words) {
    for (std::size_t mode = 0; mode < axes.size(); ++mode) {
        if (std::find(words.begin(), words.end(), lower_case(axes[mode])) != words.end()) {
            return static_cast<int>(mode);
        }
    }
    return -1;
}

}  // namespace

AxisRoles axis_roles(const std::vector<std::string>& axes, int order) {
    AxisRoles roles;
    roles.rows = find_role(axes, {"rows", "row", "y", "height"});
    roles.cols = find_role(axes, {"cols", "col", "columns", "column", "x", "width"});
    roles.bands = find_role(axes, {"bands", "band", "channels", "channel", "wavelength", "lambda"});
    roles.views = find_role(axes, {"views", "view", "angles", "angle", "theta"});

    const int last = order - 1;
    if (roles.bands < 0 && roles.rows != last && roles.cols != last) {
        roles.bands = last;
    }
    for (int mode = last; mode >= 0 && roles.cols < 0; --mode) {
        if (mode != roles.bands && mode != roles.rows) {
            roles.cols = mode;
        }
    }
    for (int mode = 0; mode <= last && roles.rows < 0; ++mode) {
        if (mode != roles.bands && mode != roles.cols) {
            roles.rows = mode;
        }
    }
    if (roles.views < 0) {
        roles.views = 0;
    }
    return roles;
}

int mode_by_name(const std::string& name, const std::vector<std::string>& axes, int order,
                 const std::string& key) {
    const auto place = std::find(axes.begin(), axes.end(), name);
    if (place != axes.end()) {
        return static_cast<int>(place - axes.begin());
    }
    int mode = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), mode);
    if (error == std::errc{} && end == name.data() + name.size() && mode >= 0 && mode < order) {
        return mode;
    }
    throw UsageError(fmt::format("{}: there is no axis \"{}\": expected one of {}{}0 to {}", key,
                                 name, fmt::join(axes, ", "), axes.empty() ? "" : " or ",
                                 order - 1));
}

}  // namespace tessera
