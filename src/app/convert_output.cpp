#include "convert_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "tessera/io/tensor_file.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

TensorOutput place_output(const Communicator& communicator, const ConvertArguments& arguments) {
    TensorOutput output;
    const FileLocation location = split_location(arguments.output);
    const bool named = !location.dataset.empty() && location.path.find('.') != std::string::npos;
    output.path = named ? location.path : arguments.output;
    if (named) {
        output.dataset = location.dataset;
    }
    if (named && output_format(output.path) != OutputFormat::hdf5) {
        throw UsageError(fmt::format("{} holds one array without a name: leave out ':{}'",
                                     output.path, output.dataset));
    }
    output.interleave = arguments.interleave;
    agree(communicator, [&] {
        for (const std::string& path : output_files(output)) {
            std::error_code ignored;
            if (!arguments.overwrite && std::filesystem::exists(path, ignored)) {
                throw UsageError(path + " exists: choose another name, or say --overwrite");
            }
        }
    });
    return output;
}

template <typename T>
std::string check_type(const DenseTensor<T>& values, const TensorOutput& output) {
    const TypeFit fit = fit_of(values, output.type, output.partly_observed);
    if (fit.outside > 0) {
        const Extents position = row_major_position(fit.first_outside, values.shape());
        throw UsageError(fmt::format(
            "{} of {} values do not fit {}, the first at ({}) = [{}]: choose another --type",
            fit.outside, values.size(), to_string(output.type), fmt::join(output.axes, ", "),
            fmt::join(position.to_vector(), ", ")));
    }
    std::string text;
    if (fit.rounded > 0) {
        text += fmt::format("; {} of {} values were rounded, by at most {:.3g}", fit.rounded,
                            values.size(), fit.most_rounding);
    }
    if (output.partly_observed) {
        text += fmt::format("; {} entries are missing", fit.missing);
    }
    return text;
}

std::string mapping(const TensorOutput& output, const std::vector<int>& stored) {
    if (std::is_sorted(stored.begin(), stored.end())) {
        return fmt::format("({})", fmt::join(output.axes, ", "));
    }
    std::vector<std::string> names;
    for (const int mode : stored) {
        names.push_back(output.axes[static_cast<std::size_t>(mode)]);
    }
    return fmt::format("({}); in the file, slowest first: {}", fmt::join(output.axes, ", "),
                       fmt::join(names, ", "));
}

template std::string check_type(const DenseTensor<float>&, const TensorOutput&);
template std::string check_type(const DenseTensor<double>&, const TensorOutput&);

}  // namespace tessera
