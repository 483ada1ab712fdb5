#include "tessera/network/parameter_store.hpp"

#include <algorithm>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
Index ParameterStore<T>::add(const std::string& name, Index count) {
    TESSERA_ASSERT(shared_size_ == size_ && value_.extent(0) == 0, "shared parameters come first");
    segments_.push_back({name, size_, count, std::nullopt});
    size_ += count;
    shared_size_ = size_;
    return size_ - count;
}

template <typename T>
Index ParameterStore<T>::add_spread(const std::string& name, const BlockPlace& place) {
    TESSERA_ASSERT(value_.extent(0) == 0, "parameters are added before they are allocated");
    const Index count = place.box.size();
    segments_.push_back({name, size_, count, place});
    size_ += count;
    return size_ - count;
}

template <typename T>
void ParameterStore<T>::allocate(const std::string& label, bool with_average) {
    const auto zeros = [&](const char* what) {
        HostView<T> array = allocate_host<T>(label + ": " + what, size_);
        Kokkos::deep_copy(array, T{0});
        return array;
    };
    value_ = zeros("parameters");
    gradient_ = zeros("gradient");
    first_moment_ = zeros("first moment");
    second_moment_ = zeros("second moment");
    if (with_average) {
        average_ = zeros("average");
    }
}

template <typename T>
Index ParameterStore<T>::total_size() const {
    Index sum = shared_size_;
    for (const Segment& segment : segments_) {
        sum += segment.place ? segment.place->shape.product() : 0;
    }
    return sum;
}

template <typename T>
Index ParameterStore<T>::offset(const std::string& name) const {
    const auto found = std::find_if(segments_.begin(), segments_.end(),
                                    [&](const Segment& each) { return each.name == name; });
    TESSERA_ASSERT(found != segments_.end(), "no parameters named " + name);
    return found->offset;
}

template <typename T>
void ParameterStore<T>::zero_gradient() {
    Kokkos::deep_copy(gradient_, T{0});
}

template <typename T>
void ParameterStore<T>::swap_average() {
    TESSERA_ASSERT(has_average() || size_ == 0, "no average is kept");
    std::swap(value_, average_);
}

template <typename T>
void ParameterStore<T>::allocate_kept(const std::string& label) {
    kept_ = allocate_host<T>(label + ": kept parameters", size_);
    keep();
}

template <typename T>
void ParameterStore<T>::keep() {
    Kokkos::deep_copy(kept_, value_);
}

template <typename T>
void ParameterStore<T>::restore() {
    Kokkos::deep_copy(value_, kept_);
    Kokkos::deep_copy(first_moment_, T{0});
    Kokkos::deep_copy(second_moment_, T{0});
}

template <typename T>
void ParameterStore<T>::serialise_array(Archive& archive, const std::string& name,
                                        const HostView<T>& array, bool owner) {
    const ArchiveGroup group(archive, name);
    T* const data = array.data();
    if (shared_size_ > 0) {
        std::vector<double> shared(data, data + shared_size_);
        archive.value("shared", shared);
        TESSERA_ASSERT(static_cast<Index>(shared.size()) == shared_size_,
                       "the checkpoint is of another network");
        std::transform(shared.begin(), shared.end(), data,
                       [](double value) { return static_cast<T>(value); });
    }
    for (const Segment& segment : segments_) {
        if (segment.place) {
            BlockPlace place = *segment.place;
            if (!owner && !archive.loading()) {
                place.box.end = place.box.begin;
            }
            archive.block(segment.name, place, data + segment.offset);
        }
    }
}

template <typename T>
void ParameterStore<T>::serialise(Archive& archive, bool owner) {
    serialise_array(archive, "value", value_, owner);
    serialise_array(archive, "first_moment", first_moment_, owner);
    serialise_array(archive, "second_moment", second_moment_, owner);
    if (has_average()) {
        serialise_array(archive, "average", average_, owner);
    }
    if (kept_.extent(0) > 0) {
        serialise_array(archive, "kept", kept_, owner);
    }
}

template class ParameterStore<float>;
template class ParameterStore<double>;

}  // namespace tessera
