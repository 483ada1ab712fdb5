#include "tessera/app/sparse_study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tessera/app/data_source.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/sparse_reductions.hpp"
#include "tessera/tensor/sparse_split.hpp"

namespace tessera {
namespace {

// Lists of entries are taken as they are: what would need a whole array is refused by name.
void refuse_options_of_arrays(const Study& study) {
    const DataOptions& data = study.data;
    const std::pair<bool, const char*> given[] = {
        {data.scene != DataOptions::Scene::none, "data.scene"},
        {!data.mask.empty(), "data.mask"},
        {data.missing != DataOptions::Missing::none, "data.missing"},
        {data.scale != ScalingKind::none, "data.scale"},
        {!data.source.order.empty(), "data.order"},
        {!data.source.region.empty(), "data.region"},
        {!data.source.bin.empty(), "data.bin"},
        {data.of_samples(), "data.covariance_over"},
        {study.has_truth_file(), "[truth]"},
        {!study.corruptions.empty(), "[[corrupt]]"}};
    for (const auto& [is_given, name] : given) {
        if (is_given) {
            throw UsageError(fmt::format(
                "{} does not work on a list of entries (data.absent is stated): leave it out",
                name));
        }
    }
}

CoordinateFile inspect(const Communicator& communicator, const std::string& location) {
    CoordinateFile file;
    agree(communicator, [&] { file = inspect_coordinates(find_data_file(location)); });
    return file;
}

std::vector<std::string> axes_of(const DataOptions& data, const CoordinateFile& file) {
    const auto order =
        data.columns.empty() ? static_cast<std::size_t>(file.columns) - 1 : data.columns.size() - 1;
    std::vector<std::string> axes = data.source.axes;
    if (axes.empty()) {
        for (std::size_t mode = 0; mode < order; ++mode) {
            const auto column =
                data.columns.empty() ? mode : static_cast<std::size_t>(data.columns[mode] - 1);
            axes.push_back(column < file.column_names.size() ? file.column_names[column]
                                                             : fmt::format("axis{}", mode));
        }
    }
    if (axes.size() != order) {
        throw UsageError(fmt::format("data.axes names {} axes, but the entries of {} have {}",
                                     axes.size(), file.path, order));
    }
    return axes;
}

CoordinateOptions options_of(const DataOptions& data) {
    CoordinateOptions options;
    options.index_base = data.index_base;
    options.columns = data.columns;
    options.shape = data.source.shape;
    return options;
}

Repeated repeated(const DataOptions& data) {
    return data.duplicates == DataOptions::Duplicates::mean ? Repeated::mean : Repeated::sum;
}

void treat_duplicates(const AssemblyReport& report, const DataOptions& data,
                      const std::string& path, std::vector<std::string>& remarks) {
    if (report.duplicates == 0) {
        return;
    }
    const std::string found =
        fmt::format("{}: {} entries repeat the position of another one, the first at [{}] (from 0)",
                    path, report.duplicates, fmt::join(report.first_duplicate.to_vector(), ", "));
    if (data.duplicates == DataOptions::Duplicates::refuse) {
        throw IoError(found + ": repair the file, or take their sum or mean with data.duplicates");
    }
    remarks.push_back(found + (data.duplicates == DataOptions::Duplicates::mean
                                   ? "; the mean of their values is taken"
                                   : "; their values are added up"));
}

std::string describe_empty_slices(const Extents& empty, const std::vector<std::string>& axes) {
    std::string text;
    for (int mode = 0; mode < empty.order(); ++mode) {
        if (empty[mode] > 0) {
            text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", empty[mode],
                                axes[static_cast<std::size_t>(mode)]);
        }
    }
    return text.empty() ? "" : "slices without an entry: " + text;
}

/// Test entries are read as the data were understood, and lie within them.
template <typename T>
SparseTensor<T> read_test(const CoordinateFile& file, const CoordinateEntries<T>& data,
                          const UnevenPartition& partition, const DataOptions& options,
                          std::vector<std::string>& remarks) {
    CoordinateOptions reading = options_of(options);
    reading.index_base = data.index_base;
    reading.shape = data.shape.to_vector();
    auto read = read_coordinates<T>(file, reading, partition.communicator());
    Assembly<T> assembly = assemble("test", partition, std::move(read.entries), repeated(options));
    treat_duplicates(assembly.report, options, file.path, remarks);
    remarks.push_back(fmt::format("{}: {} test entries", file.path, assembly.tensor.entry_count()));
    return assembly.tensor;
}

}  // namespace

SparseOutline outline_sparse_data(const Communicator& communicator, const Study& study) {
    refuse_options_of_arrays(study);
    SparseOutline outline;
    outline.data = inspect(communicator, study.data.source.path);
    outline.axes = axes_of(study.data, outline.data);
    if (!study.data.test.empty()) {
        outline.test = inspect(communicator, study.data.test);
    }
    const auto order = static_cast<int>(outline.axes.size());
    const Absent absent = study.data.absent();
    if (!study.method().takes_sparse(absent)) {
        throw UsageError(fmt::format(
            "method {} does not work on lists of entries (data.absent = \"{}\"): use method cp, or "
            "give the data as an array",
            study.method().name(), absent == Absent::zero ? "zero" : "missing"));
    }
    study.method().check(Extents::filled(order, SparseTensor<double>::largest_extent),
                         outline.axes);
    agree(communicator,
          [&] { outline.expected = forecast_coordinates(outline.data, options_of(study.data)); });
    outline.understood =
        fmt::format("{}: {}, a list of entries with {} modes ({}); the others are {}",
                    outline.data.path, outline.data.format, order, fmt::join(outline.axes, ", "),
                    absent == Absent::zero ? "zeros" : "missing");
    return outline;
}

template <typename T>
SparseStudyProblem<T> build_sparse_problem(const Communicator& communicator, const Study& study) {
    const Phase phase("read");
    const SparseOutline outline = outline_sparse_data(communicator, study);
    auto read = read_coordinates<T>(outline.data, options_of(study.data), communicator);
    study.method().check(read.shape, outline.axes);
    std::vector<std::string> remarks = {outline.understood};
    remarks.insert(remarks.end(), read.remarks.begin(), read.remarks.end());
    std::optional<Extents> grid;
    if (!study.parallel.grid.empty()) {
        grid = Extents(study.parallel.grid);
        if (grid->order() != read.shape.order()) {
            throw UsageError(fmt::format("parallel.grid has {} extents, but the data have {} modes",
                                         grid->order(), read.shape.order()));
        }
    }
    Assembly<T> assembly = assemble(communicator, "input", read.shape, std::move(read.entries),
                                    grid, repeated(study.data));
    treat_duplicates(assembly.report, study.data, outline.data.path, remarks);
    SparseTensor<T> tensor = assembly.tensor;
    remarks.push_back(fmt::format(
        "{} entries of {} ({:.3g} %)", tensor.entry_count(), tensor.shape().to_string(), [&] {
            double share = 100.0 * static_cast<double>(tensor.entry_count());
            for (int mode = 0; mode < tensor.order(); ++mode) {
                share /= static_cast<double>(tensor.shape()[mode]);
            }
            return share;
        }()));
    if (const std::string text = describe_empty_slices(empty_slices(tensor), outline.axes);
        !text.empty()) {
        remarks.push_back(text);
    }
    std::optional<SparseTensor<T>> held_out;
    if (outline.test) {
        held_out = read_test<T>(*outline.test, read, tensor.partition(), study.data, remarks);
    } else if (study.data.hold_out > 0.0) {
        SparseSplit<T> parts = split_entries(tensor, study.data.hold_out, study.run.seed);
        remarks.push_back(
            fmt::format("{} entries are held out of the run", parts.held_out.entry_count()));
        tensor = parts.kept;
        held_out = parts.held_out;
    }
    const Index largest = communicator.max(tensor.local_count());
    remarks.push_back(fmt::format(
        "process grid {} ({} ranks), {} entries on the largest rank, {:.0f} % of even shares",
        tensor.partition().grid().dims().to_string(), communicator.size(), largest,
        100.0 * static_cast<double>(largest) * communicator.size() /
            static_cast<double>(std::max<Index>(1, tensor.entry_count()))));
    return {{tensor, study.data.absent(), outline.axes}, held_out, std::move(remarks)};
}

template SparseStudyProblem<float> build_sparse_problem<float>(const Communicator&, const Study&);
template SparseStudyProblem<double> build_sparse_problem<double>(const Communicator&, const Study&);

}  // namespace tessera
