#include "tessera/method/factor_networks/network_factor.hpp"

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/network/make_factor_generator.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

Extents append(const Extents& extents, Index last) {
    std::vector<Index> values = extents.to_vector();
    values.push_back(last);
    return Extents(values);
}

/// This rank's slab of the sites of a spread factor.
Box slab_of(const Extents& sites, const Communicator& communicator) {
    Box box{Extents::filled(sites.order(), 0), sites};
    const Range range = block_range(sites[0], communicator.size(), communicator.rank());
    box.begin[0] = range.begin;
    box.end[0] = range.end;
    return box;
}

std::vector<bool> other_modes(const FactorModes& modes, int order) {
    std::vector<bool> others(static_cast<std::size_t>(order), true);
    std::fill(others.begin() + modes.first, others.begin() + modes.last, false);
    return others;
}

/// Moves rows between host arrays; without a GPU no copy is made.
template <typename T>
void exchange(const BoxExchange& boxes, const FactorMatrix<const T>& from,
              const FactorMatrix<T>& to) {
    const HostView<const T> flat_from(from.data(), from.size());
    const HostView<T> flat_to(to.data(), to.size());
    const auto source = Kokkos::create_mirror_view_and_copy(DeviceSpace(), flat_from);
    const auto target = Kokkos::create_mirror_view(DeviceSpace(), flat_to);
    boxes.run<T>(source, target);
    Kokkos::deep_copy(flat_to, target);
}

}  // namespace

template <typename T>
NetworkFactor<T>::NetworkFactor(const UnevenPartition& partition, const FactorModes& modes,
                                bool shared_out, Index width, const GeneratorOptions& generator,
                                const AdamOptions& adam, std::uint64_t seed,
                                const std::string& name)
    : partition_(partition),
      modes_(modes),
      spread_(shared_out),
      width_(width),
      sharers_(partition.grid().along(other_modes(modes, partition.order()))),
      adam_(adam) {
    const Communicator& world = partition.communicator();
    const Extents sites = modes.of(partition.shape());
    const Box whole{Extents::filled(sites.order(), 0), sites};
    block_ = spread() ? Box{modes.of(partition.box().begin), modes.of(partition.box().end)} : whole;
    own_sites_ = spread() ? slab_of(sites, world) : whole;
    owner_ = spread() ? sharers_.rank() == 0 : world.rank() == 0;
    generator_ =
        make_factor_generator<T>(generator, sites, own_sites_, width,
                                 spread() ? world : world.split(world.rank(), 0), seed, name);
    agree(world, [&] { gradient_.resize(static_cast<std::size_t>(block_.size() * width)); });
    if (spread() && world.any(!(block_ == own_sites_))) {
        Box sent = with_width(block_);
        sent.end = owner_ ? sent.end : sent.begin;
        to_block_.emplace(world, with_width(own_sites_), with_width(block_));
        to_network_.emplace(world, sent, with_width(own_sites_));
        agree(world, [&] {
            received_ = FactorMatrix<T>(Kokkos::view_alloc("rows of the block"),
                                        static_cast<std::size_t>(block_.size()),
                                        static_cast<std::size_t>(width));
        });
    }
}

template <typename T>
Box NetworkFactor<T>::with_width(const Box& sites) const {
    return {append(sites.begin, 0), append(sites.end, width_)};
}

template <typename T>
void NetworkFactor<T>::fix_at(const Matrix& rows) {
    TESSERA_ASSERT(!spread() && rows.rows * rows.columns == size(), "rows of another factor");
    T* value = generator_->parameters().value().data();
    for (Index row = 0; row < rows.rows; ++row) {
        for (Index column = 0; column < rows.columns; ++column) {
            value[row * rows.columns + column] = static_cast<T>(rows(row, column));
        }
    }
    fixed_ = true;
}

template <typename T>
void NetworkFactor<T>::forward(std::int64_t step) {
    rows_ = generator_->forward(step);
    if (to_block_) {
        exchange<T>(*to_block_, rows_, received_);
        rows_ = received_;
    }
    if (!fixed_) {
        std::fill(gradient_.begin(), gradient_.end(), 0.0);
    }
}

template <typename T>
FactorPart<T> NetworkFactor<T>::part(const T* rows, int first_mode, double* gradient) const {
    if (spread()) {
        return {rows, block_.size(), width_, gradient};
    }
    // Only the first mode is cut, so the rows of a block follow one another.
    const Index rows_per_slice =
        partition_.shape().product(first_mode + 1, first_mode + modes_.count());
    const Index skip = partition_.box().begin[first_mode] * rows_per_slice * width_;
    return {rows + skip, partition_.box().shape()[first_mode] * rows_per_slice, width_,
            gradient == nullptr ? nullptr : gradient + skip};
}

template <typename T>
void NetworkFactor<T>::backward(double scale) {
    if (fixed_) {
        return;
    }
    {
        const Phase phase("factor_networks/reduce gradients");
        const Communicator& communicator = spread() ? sharers_ : partition_.communicator();
        communicator.sum_in_place(gradient_.data(), static_cast<Index>(gradient_.size()));
    }
    FactorMatrix<T> gradient(Kokkos::view_alloc(Kokkos::WithoutInitializing, "gradient of rows"),
                             static_cast<std::size_t>(block_.size()),
                             static_cast<std::size_t>(width_));
    std::transform(gradient_.begin(), gradient_.end(), gradient.data(),
                   [scale](double value) { return static_cast<T>(scale * value); });
    if (to_network_) {
        FactorMatrix<T> own(Kokkos::view_alloc("gradient of network rows"),
                            static_cast<std::size_t>(own_sites_.size()),
                            static_cast<std::size_t>(width_));
        // Of rows that several ranks have, one sends the sum.
        exchange<T>(*to_network_,
                    FactorMatrix<const T>(gradient.data(), owner_ ? gradient.extent(0) : 0,
                                          gradient.extent(1)),
                    own);
        gradient = own;
    }
    generator_->parameters().zero_gradient();
    generator_->backward(gradient);
}

template <typename T>
void NetworkFactor<T>::update(double step_size) {
    if (!fixed_) {
        adam_.step(generator_->parameters(), step_size);
    }
}

template <typename T>
BlockPlace NetworkFactor<T>::place() const {
    Box box = with_width(block_);
    box.end = owner_ ? box.end : box.begin;
    return {append(modes_.of(partition_.shape()), width_), box};
}

template <typename T>
void NetworkFactor<T>::serialise(Archive& archive) {
    adam_.serialise(archive);
    generator_->parameters().serialise(archive, spread() || owner_);
}

template <typename T>
void NetworkFactor<T>::serialise_rows(Archive& archive, const std::string& name, T* rows) const {
    BlockPlace where = place();
    if (archive.loading()) {
        where.box = with_width(block_);
    }
    archive.block(name, where, rows);
}

template class NetworkFactor<float>;
template class NetworkFactor<double>;

}  // namespace tessera
