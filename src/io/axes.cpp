#include "tessera/io/axes.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "dataset_info.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

namespace {

std::string list_text(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::string list_text(const std::vector<Index>& values) {
    std::string text;
    for (const Index value : values) {
        text += (text.empty() ? "" : ", ") + std::to_string(value);
    }
    return "[" + text + "]";
}

/// "rows 100 x cols 100 x bands 198".
std::string named_shape(const std::vector<std::string>& names, const std::vector<Index>& shape) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        text += (i == 0 ? "" : " x ") + names[i] + " " + std::to_string(shape[i]);
    }
    return text;
}

/// The axes of an array after folding, in the order in which they are stated.
struct FoldedAxes {
    std::vector<Index> extents;
    std::vector<int> parent;  ///< the file's axis that each is a part of, as the shape counts them
};

[[noreturn]] void bad_fold(const DatasetInfo& info, const std::vector<Index>& shape) {
    throw UsageError("data.shape = " + list_text(shape) + " does not fold " + info.short_name() +
                     ", which is " + info.shape_text() +
                     ": split each of its axes, in that order, into one or several whose product "
                     "it is");
}

/// Replaces the one entry 0 by what the others leave.
std::vector<Index> completed(const DatasetInfo& info, const std::vector<Index>& asked) {
    Index left = 1;
    for (const Index extent : info.shape) {
        left *= extent;
    }
    for (const Index extent : asked) {
        if (extent < 0 || (extent > 0 && left % extent != 0)) {
            bad_fold(info, asked);
        }
        left /= extent > 0 ? extent : 1;
    }
    std::vector<Index> shape = asked;
    const auto open = std::find(shape.begin(), shape.end(), 0);
    if (open != shape.end()) {
        *open = std::exchange(left, 1);
    }
    if (left != 1 || std::find(shape.begin(), shape.end(), 0) != shape.end()) {
        bad_fold(info, asked);
    }
    return shape;
}

FoldedAxes fold(const DatasetInfo& info, const std::vector<Index>& request) {
    FoldedAxes folded;
    if (request.empty()) {
        folded.extents = info.shape;
        folded.parent.resize(info.shape.size());
        std::iota(folded.parent.begin(), folded.parent.end(), 0);
        return folded;
    }
    if (request.size() > static_cast<std::size_t>(max_order)) {
        throw UsageError("data.shape = " + list_text(request) + " has " +
                         std::to_string(request.size()) + " axes, at most " +
                         std::to_string(max_order) + " are possible");
    }
    folded.extents = completed(info, request);
    std::size_t next = 0;
    for (std::size_t axis = 0; axis < info.shape.size(); ++axis) {
        const bool last = axis + 1 == info.shape.size();
        Index product = 1;
        // An axis of length 1 takes a part of length 1 where there is one; the last axis takes all
        // that are left.
        bool more = next < request.size() && (info.shape[axis] > 1 || folded.extents[next] == 1);
        while (more) {
            product *= folded.extents[next++];
            folded.parent.push_back(static_cast<int>(axis));
            more = next < request.size() && (last || product < info.shape[axis]);
        }
        if (product != info.shape[axis]) {
            bad_fold(info, request);
        }
    }
    if (next != request.size()) {
        bad_fold(info, request);
    }
    return folded;
}

void check_names(const std::vector<std::string>& names, const char* key) {
    std::set<std::string> seen;
    for (const std::string& name : names) {
        if (name.empty() || !seen.insert(name).second) {
            throw UsageError(std::string(key) + " = \"" + list_text(names) + "\" " +
                             (name.empty() ? "has an empty name" : "names " + name + " twice"));
        }
    }
}

std::vector<std::string> names_of(const DatasetInfo& info, const AxesRequest& request,
                                  std::size_t count) {
    if (request.axes.empty()) {
        if (info.axes.size() == count && request.shape.empty()) {
            return info.axes;
        }
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) {
            names.push_back("axis" + std::to_string(i));
        }
        return names;
    }
    check_names(request.axes, "data.axes");
    if (request.axes.size() != count) {
        const std::string shape =
            request.shape.empty() ? info.shape_text() : "folded to " + list_text(request.shape);
        throw UsageError("data.axes names " + std::to_string(request.axes.size()) + " axes (" +
                         list_text(request.axes) + ") but " + info.short_name() + " is " + shape +
                         (request.shape.empty()
                              ? ": name each of its axes, or fold it with data.shape"
                              : ": name each of these"));
    }
    return request.axes;
}

/// For each mode of the tensor its place among `names`.
std::vector<int> places_of(const std::vector<std::string>& order,
                           const std::vector<std::string>& names) {
    std::vector<int> places;
    for (const std::string& name : order) {
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end() || order.size() != names.size()) {
            throw UsageError("data.order = \"" + list_text(order) +
                             "\" must have each of the axes once: " + list_text(names));
        }
        places.push_back(static_cast<int>(found - names.begin()));
    }
    return places;
}

std::vector<std::string> wanted_order(const AxesRequest& request,
                                      const std::vector<std::string>& names) {
    if (!request.order.empty()) {
        check_names(request.order, "data.order");
        return request.order;
    }
    static const std::vector<std::string> usual[] = {
        {"rows", "cols"},
        {"rows", "cols", "bands"},
        {"slices", "rows", "cols"},
        {"time", "slices", "rows", "cols"},
        {"components", "time", "slices", "rows", "cols"}};
    for (const std::vector<std::string>& order : usual) {
        if (std::is_permutation(names.begin(), names.end(), order.begin(), order.end())) {
            return order;
        }
    }
    return names;
}

int mode_of(const ReadPlan& plan, const std::string& axis, const char* key) {
    const auto found = std::find(plan.axes.begin(), plan.axes.end(), axis);
    if (found == plan.axes.end()) {
        throw UsageError(std::string(key) + " names the axis '" + axis +
                         "', the axes are: " + list_text(plan.axes));
    }
    return static_cast<int>(found - plan.axes.begin());
}

/// Region and bins; leaves the sentence about them in `text`.
void crop(ReadPlan& plan, const AxesRequest& request, std::string& text) {
    for (const AxisRange& range : request.region) {
        const int mode = mode_of(plan, range.axis, "data.region");
        const Index extent = plan.shape[mode];
        const Index end = range.end < 0 ? plan.begin[mode] + extent : range.end;
        if (plan.begin[mode] != 0 || range.begin < 0 || range.begin >= end || end > extent) {
            throw UsageError("data.region = \"" + range.axis + " " + std::to_string(range.begin) +
                             ":" + (range.end < 0 ? "" : std::to_string(range.end)) +
                             "\" is no part of its " + std::to_string(extent) +
                             " positions (from 0, without the end)");
        }
        plan.begin[mode] = range.begin;
        plan.shape[mode] = end - range.begin;
        text += ", of " + range.axis + " only " + std::to_string(range.begin) + " to " +
                std::to_string(end - 1);
    }
    for (const AxisBin& bin : request.bins) {
        const int mode = mode_of(plan, bin.axis, "data.bin");
        const Index extent = plan.shape[mode];
        if (bin.count < 1 || bin.count > extent || plan.bin[mode] != 1) {
            throw UsageError("data.bin = \"" + bin.axis + " " + std::to_string(bin.count) +
                             "\" does not fit its " + std::to_string(extent) + " positions");
        }
        plan.bin[mode] = bin.count;
        plan.shape[mode] = extent / bin.count;
        const Index left = extent % bin.count;
        text += ", " + bin.axis + " averaged by " + std::to_string(bin.count) +
                (left > 0 ? " (the last " + std::to_string(left) + " left out)" : "");
    }
}

void carry_wavelengths(const DatasetInfo& info, Index bands_in_file, ReadPlan& plan) {
    const auto found = std::find(plan.axes.begin(), plan.axes.end(), "bands");
    if (found == plan.axes.end() ||
        info.wavelengths.size() != static_cast<std::size_t>(bands_in_file)) {
        return;
    }
    const int mode = static_cast<int>(found - plan.axes.begin());
    plan.wavelength_unit = info.wavelength_unit;
    for (Index band = 0; band < plan.shape[mode]; ++band) {
        double sum = 0.0;
        for (Index member = 0; member < plan.bin[mode]; ++member) {
            sum += info.wavelengths[static_cast<std::size_t>(plan.begin[mode] +
                                                             band * plan.bin[mode] + member)];
        }
        plan.wavelengths.push_back(sum / static_cast<double>(plan.bin[mode]));
    }
}

/// Spacing, origin and units of the modes, each from the stated axis at `places`.
void carry_geometry(const DatasetInfo& info, const FoldedAxes& folded,
                    const std::vector<int>& places, ReadPlan& plan) {
    if (info.spacing.empty() && info.origin.empty() && info.units.empty()) {
        return;
    }
    for (int mode = 0; mode < plan.shape.order(); ++mode) {
        const auto place = static_cast<std::size_t>(places[static_cast<std::size_t>(mode)]);
        const auto axis = static_cast<std::size_t>(folded.parent[place]);
        const bool whole = folded.extents[place] == info.shape[axis];
        const double step = whole && !info.spacing.empty() ? info.spacing[axis] : 1.0;
        const double start = whole && !info.origin.empty() ? info.origin[axis] : 0.0;
        const auto bin = static_cast<double>(plan.bin[mode]);
        plan.spacing.push_back(step * bin);
        plan.origin.push_back(start +
                              step * (static_cast<double>(plan.begin[mode]) + 0.5 * (bin - 1.0)));
        plan.units.push_back(whole && !info.units.empty() ? info.units[axis] : "");
    }
}

}  // namespace

StorageTarget ReadPlan::target_of(const Box& block) const {
    const int order = shape.order();
    const Extents block_shape = block.shape();
    StorageTarget place;
    place.box = {Extents::filled(order, 0), Extents::filled(order, 0)};
    place.stride = Extents::filled(order, 0);
    place.bin = Extents::filled(order, 1);
    for (int mode = 0; mode < order; ++mode) {
        const int axis = storage_axis[static_cast<std::size_t>(mode)];
        place.box.begin[axis] = begin[mode] + block.begin[mode] * bin[mode];
        place.box.end[axis] = place.box.begin[axis] + block_shape[mode] * bin[mode];
        place.bin[axis] = bin[mode];
        place.stride[axis] = block_shape.product(mode + 1, order);
    }
    return place;
}

ReadPlan plan_read(const DatasetInfo& info, const AxesRequest& request) {
    require_readable(info);
    const FoldedAxes folded = fold(info, request.shape);
    const std::vector<std::string> names = names_of(info, request, folded.extents.size());
    const bool by_columns = request.fold_order == FoldOrder::natural
                                ? info.from_matlab()
                                : request.fold_order == FoldOrder::first_fastest;

    // The axes in the file's order, slowest first, each replaced by its parts.
    ReadPlan plan;
    std::vector<Index> storage_extents;
    std::vector<int> storage_place(folded.extents.size());
    for (std::size_t k = 0; k < info.storage_order.size(); ++k) {
        std::vector<std::size_t> parts;
        for (std::size_t i = 0; i < folded.parent.size(); ++i) {
            if (folded.parent[i] == info.storage_order[k]) {
                parts.push_back(i);
            }
        }
        if (by_columns) {
            std::reverse(parts.begin(), parts.end());
        }
        for (const std::size_t part : parts) {
            storage_place[part] = static_cast<int>(storage_extents.size());
            storage_extents.push_back(folded.extents[part]);
            plan.storage.file_axis.push_back(static_cast<int>(k));
        }
    }
    plan.storage.extents = Extents(storage_extents);

    plan.axes = wanted_order(request, names);
    const std::vector<int> places = places_of(plan.axes, names);
    std::vector<Index> shape;
    for (const int place : places) {
        shape.push_back(folded.extents[static_cast<std::size_t>(place)]);
        plan.storage_axis.push_back(storage_place[static_cast<std::size_t>(place)]);
    }
    plan.shape = Extents(shape);
    plan.begin = Extents::filled(plan.shape.order(), 0);
    plan.bin = Extents::filled(plan.shape.order(), 1);

    std::string text = info.short_name() + " is " + info.shape_text() + " " + info.type_text +
                       " (" + info.format + (info.column_major() ? ", column-major" : "") + ")";
    if (!request.shape.empty()) {
        text += ", folded to " + named_shape(names, folded.extents) + " with the " +
                (by_columns ? "first" : "last") + " of the parts changing fastest";
    }
    text += "; read as " + named_shape(plan.axes, shape);
    crop(plan, request, text);
    const auto bands = std::find(names.begin(), names.end(), "bands");
    if (bands != names.end()) {
        carry_wavelengths(info, folded.extents[static_cast<std::size_t>(bands - names.begin())],
                          plan);
    }
    carry_geometry(info, folded, places, plan);
    if (!request.region.empty() || !request.bins.empty()) {
        text += ": " + plan.shape.to_string();
    }
    plan.understood = text + (info.remark.empty() ? "" : "; " + info.remark);
    return plan;
}

}  // namespace tessera
