#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/base/random.hpp"
#include "tessera/problem/axis_roles.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

/// What the corruptions of a deck work on, one after the other. Noise models and masks are updated
/// along with the values.
template <typename T>
struct CorruptionContext {
    DenseTensor<T>& values;
    std::optional<Mask>& mask;  ///< created by `missing`; none: all entries are observed
    NoiseModel& noise;
    std::uint64_t seed = 0;
    std::uint32_t position = 0;  ///< of this corruption in the deck's list, from 0
    std::vector<std::string> axes = {};
    /// True while the values are still the clean ones: noise added to them is then all there is.
    bool clean = true;
    /// Sentences for the log, the same on all ranks.
    std::vector<std::string> remarks = {};

    [[nodiscard]] AxisRoles roles() const { return axis_roles(axes, values.order()); }
    /// The random numbers of this corruption; `use` (0 to 15) tells its several draws apart.
    [[nodiscard]] Random random(std::uint32_t use) const;
};

/// One element of the deck's [[corrupt]] list. The same bits come out for any number of ranks, any
/// grid and any number of threads: random numbers are keyed by (seed, position in the list, global
/// row-major index), and global figures are reduced in an order-independent way.
class Corruption {
  public:
    virtual ~Corruption() = default;
    Corruption(const Corruption&) = default;
    Corruption& operator=(const Corruption&) = default;

    /// The deck's `kind`.
    [[nodiscard]] virtual std::string kind() const = 0;
    /// The keys of the deck's table, bound to this object.
    virtual void declare(OptionTable& table) = 0;
    /// Share of the entries that it leaves observed, where it takes any away.
    [[nodiscard]] virtual std::optional<double> observed_share() const { return std::nullopt; }
    /// Checks the options against a shape; throws UsageError. `apply` does so too.
    virtual void check(const Extents& shape, const std::vector<std::string>& axes) const;
    /// Corrupts the values in place. Collective; throws UsageError on all ranks alike.
    virtual void apply(CorruptionContext<float>& context) const = 0;
    virtual void apply(CorruptionContext<double>& context) const = 0;

  protected:
    Corruption() = default;
};

/// A kind of corruption as the deck's schema lists it.
struct CorruptionKind {
    std::string name;
    std::string help;
    std::function<std::shared_ptr<Corruption>()> make;
};

/// All kinds, in the order in which help shows them.
[[nodiscard]] const std::vector<CorruptionKind>& corruption_catalogue();

/// Applies the list in order to `values` (in place), updating mask and noise model, and leaves 0 in
/// every missing entry. Returns sentences for the log. Collective; throws UsageError.
template <typename T>
std::vector<std::string> corrupt(const std::vector<std::shared_ptr<Corruption>>& list,
                                 DenseTensor<T>& values, std::optional<Mask>& mask,
                                 NoiseModel& noise, std::uint64_t seed,
                                 const std::vector<std::string>& axes);

}  // namespace tessera
