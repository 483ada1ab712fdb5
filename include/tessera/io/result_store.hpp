#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/io/image_geometry.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// How the arrays of a result are stored.
struct ResultOptions {
    bool single_precision = false;  ///< float64 arrays are rounded to float32
    int deflate = 0;                ///< compression of the arrays, 0 (none) to 9
};

/// result.h5: one file that ParaView and VTK open directly (VTKHDF ImageData 1.0), and h5py too.
///
///     /VTKHDF                 WholeExtent, Origin, Spacing, Direction
///     /VTKHDF/PointData/NAME  arrays (z, y, x), see ImageLayout; attributes dims (as stored),
///                             tensor_axes, tensor_shape, tensor_modes (how to undo the order),
///                             units
///     /result/NAME            the same arrays under a shorter name
///     /factors/NAME           factors of the estimate, as the method has them
///     /manifest               JSON text; also the attribute `manifest` of the root
///
/// All functions are collective and throw the same IoError on all ranks. The file has its final
/// name only after `close`; when the store goes away without it, nothing is left.
class ResultStore {
  public:
    /// Creates `path`.partial. Arrays must have `geometry.axes.size()` modes.
    ResultStore(const Communicator& communicator, std::string path, ImageGeometry geometry,
                ResultOptions options = {});
    ~ResultStore();
    ResultStore(const ResultStore&) = delete;
    ResultStore& operator=(const ResultStore&) = delete;

    /// Adds an array; `units` of its values go into an attribute. All arrays have the same shape.
    /// T: float, double, std::uint8_t.
    template <typename T>
    void write(const std::string& name, const DenseTensor<T>& tensor,
               const std::string& units = "");

    /// Adds observation - estimate, formed piece by piece, without a third tensor; entries where
    /// `mask` (none: nothing is missing) is 0 hold 0. All three have the same partition.
    template <typename T>
    void write_residual(const std::string& name, const DenseTensor<T>& observation,
                        const DenseTensor<T>& estimate, const DenseTensor<std::uint8_t>* mask,
                        const std::string& units = "");

    /// Adds a factor: every rank gives the row-major block `place.box` (empty on ranks that hold
    /// nothing).
    void write_factor(const std::string& name, const BlockPlace& place,
                      const std::vector<double>& values);

    /// The run's manifest, once.
    void set_manifest(const std::string& json_text);

    /// Everything on the disk, under the final name.
    void close();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tessera
