#include "hdf5_selection.hpp"

#include <array>
#include <vector>

#include "hdf5_handle.hpp"

namespace tessera {

namespace {

/// Positions along one axis of the file as HDF5 can select them at once: `count` blocks of `block`
/// positions, `stride` apart. What that cannot express takes several `starts`, a selection each.
struct AxisSelection {
    std::vector<hsize_t> starts = {0};
    hsize_t stride = 1;
    hsize_t count = 1;
    hsize_t block = 1;
};

/// Positions of a box in an axis that is split into the parts first..last-1.
AxisSelection select_axis(const Extents& parts, const Box& box, int first, int last) {
    AxisSelection axis;
    hsize_t weight = 1;  // positions from one step of `part` to the next
    int part = last - 1;
    // Takes parts into one regular pattern, up to and with the first that is not selected whole.
    const auto take = [&](hsize_t& length) {
        for (bool whole = true; part >= first && whole; --part) {
            whole = box.end[part] - box.begin[part] == parts[part];
            length *= static_cast<hsize_t>(box.end[part] - box.begin[part]);
            axis.starts[0] += static_cast<hsize_t>(box.begin[part]) * weight;
            weight *= static_cast<hsize_t>(parts[part]);
        }
    };
    take(axis.block);
    axis.stride = weight;
    take(axis.count);
    for (; part >= first; --part) {
        std::vector<hsize_t> starts;
        for (Index position = box.begin[part]; position < box.end[part]; ++position) {
            for (const hsize_t start : axis.starts) {
                starts.push_back(start + static_cast<hsize_t>(position) * weight);
            }
        }
        axis.starts = std::move(starts);
        weight *= static_cast<hsize_t>(parts[part]);
    }
    return axis;
}

}  // namespace

void select_folded(hid_t space, const StorageShape& storage, const Box& box, int file_order) {
    using Sizes = std::array<hsize_t, max_order>;
    const std::string action = "select a part of an array";
    std::vector<AxisSelection> axes;
    Extents starts = Extents::filled(file_order, 1);
    Sizes stride{};
    Sizes count{};
    Sizes block{};
    int part = 0;
    for (int axis = 0; axis < file_order; ++axis) {
        const int first = part;
        while (part < box.begin.order() &&
               storage.file_axis[static_cast<std::size_t>(part)] == axis) {
            ++part;
        }
        const AxisSelection selection = select_axis(storage.extents, box, first, part);
        const auto place = static_cast<std::size_t>(axis);
        stride[place] = selection.stride;
        count[place] = selection.count;
        block[place] = selection.block;
        starts[axis] = static_cast<Index>(selection.starts.size());
        axes.push_back(selection);
    }
    H5S_seloper_t operation = H5S_SELECT_SET;
    for (Index choice = 0; choice < starts.product(); ++choice) {
        const Extents which = row_major_position(choice, starts);
        Sizes start{};
        for (int axis = 0; axis < file_order; ++axis) {
            const auto place = static_cast<std::size_t>(axis);
            start[place] = axes[place].starts[static_cast<std::size_t>(which[axis])];
        }
        hdf5::check(H5Sselect_hyperslab(space, operation, start.data(), stride.data(), count.data(),
                                        block.data()),
                    action);
        operation = H5S_SELECT_OR;
    }
}

}  // namespace tessera
