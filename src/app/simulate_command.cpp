#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <filesystem>
#include <optional>

#include "tessera/app/commands.hpp"
#include "tessera/app/problem_builder.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/log.hpp"
#include "tessera/io/write_tensor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

namespace fs = std::filesystem;

// cube.npy becomes cube.observation.npy: the suffix tells the format and stays last.
std::string path_of(const std::string& output, const std::string& array) {
    const fs::path path(output);
    const bool packed = path.extension() == ".gz";
    const fs::path bare = packed ? path.stem() : path.filename();
    const std::string name =
        bare.stem().string() + "." + array + bare.extension().string() + (packed ? ".gz" : "");
    return (path.parent_path() / name).string();
}

DenseTensor<float> as_numbers(const Mask& mask) {
    std::optional<DenseTensor<float>> numbers;
    agree(mask.communicator(), [&] { numbers.emplace("mask", mask.partition()); });
    const DeviceView<float> values = numbers->block();
    const DeviceView<std::uint8_t> observed = mask.block();
    Kokkos::parallel_for(
        "tessera::simulate::mask",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<std::size_t>>(
            0, values.size()),
        KOKKOS_LAMBDA(std::size_t i) { values(i) = observed(i) != 0 ? 1.0F : 0.0F; });
    Kokkos::fence("tessera::simulate::mask");
    return *numbers;
}

class Writer {
  public:
    Writer(const Communicator& communicator, const SimulateArguments& arguments,
           const DataOutline& outline)
        : communicator_(communicator), arguments_(arguments), outline_(outline) {}

    [[nodiscard]] TensorOutput output(const std::string& array, NumberType type) const {
        TensorOutput output;
        output.path = path_of(arguments_.output, array);
        output.dataset = array;
        output.type = type;
        output.axes = outline_.axes;
        output.wavelengths = outline_.wavelengths;
        output.wavelength_unit = outline_.wavelength_unit;
        return output;
    }

    // Before anything is computed, so that no work is lost on a name.
    void require_free(const std::string& array) const {
        agree(communicator_, [&] {
            for (const std::string& path : output_files(output(array, NumberType::float64))) {
                std::error_code ignored;
                if (!arguments_.overwrite && fs::exists(path, ignored)) {
                    throw UsageError(path + " exists: choose another name, or say --overwrite");
                }
            }
        });
        static_cast<void>(stored_modes(output(array, NumberType::float64), outline_.shape));
    }

    template <typename T>
    void write(const std::string& array, const DenseTensor<T>& tensor, NumberType type) const {
        const TensorOutput target = output(array, type);
        write_tensor(tensor, target);
        print(communicator_, target.path + "\n");
    }

  private:
    const Communicator& communicator_;
    const SimulateArguments& arguments_;
    const DataOutline& outline_;
};

template <typename T>
void simulate(const Communicator& communicator, const Study& study, const Writer& writer) {
    const StudyProblem<T> made = build_problem<T>(communicator, study);
    for (const std::string& remark : made.remarks) {
        log::info(remark);
    }
    constexpr NumberType type =
        sizeof(T) == sizeof(float) ? NumberType::float32 : NumberType::float64;
    writer.write("observation", made.problem.observation, type);
    if (made.problem.mask) {
        writer.write("mask", as_numbers(*made.problem.mask), NumberType::uint8);
    }
    if (made.problem.truth) {
        writer.write("truth", *made.problem.truth, type);
    }
}

}  // namespace

ExitCode simulate_command(const Communicator& communicator, const SimulateArguments& arguments) {
    Study study;
    study.bind(read_deck(communicator, arguments.deck, arguments.assignments));
    const DataOutline outline = outline_data(communicator, study);
    const Writer writer(communicator, arguments, outline);
    for (const char* const array : {"observation", "mask", "truth"}) {
        writer.require_free(array);
    }
    if (study.run.precision == RunOptions::Precision::float32) {
        simulate<float>(communicator, study, writer);
    } else {
        simulate<double>(communicator, study, writer);
    }
    return ExitCode::done;
}

}  // namespace tessera
