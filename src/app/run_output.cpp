#include "tessera/app/run_output.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "tessera/base/profile.hpp"
#include "tessera/io/json_lines.hpp"
#include "tessera/io/picture.hpp"
#include "tessera/io/plot.hpp"
#include "tessera/io/result_store.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

template <typename T>
void write_result(const std::string& path, const StudyProblem<T>& study,
                  const OutputOptions& options, const RunAnswer<T>& answer,
                  const std::string& manifest) {
    const Phase phase("write");
    const DenseTensor<T>& estimate = answer.estimate;
    const auto wanted = [&](const char* name) {
        return std::find(options.arrays.begin(), options.arrays.end(), name) !=
               options.arrays.end();
    };
    ImageGeometry geometry;
    geometry.axes = study.problem.axes;
    geometry.spacing = study.outline.spacing;
    geometry.origin = study.outline.origin;
    geometry.units = study.outline.units;
    ResultOptions store_options;
    store_options.deflate = static_cast<int>(options.compression);
    const Problem<T>& problem = study.problem;
    ResultStore store(estimate.communicator(), path, geometry, store_options);
    if (wanted("estimate")) {
        store.write("estimate", estimate);
    }
    if (wanted("input")) {
        store.write("input", problem.observation);
    }
    if (wanted("residual")) {
        store.write_residual("residual", problem.observation, estimate,
                             problem.mask ? &*problem.mask : nullptr);
    }
    if (wanted("truth") && problem.truth) {
        store.write("truth", *problem.truth);
    }
    if (problem.mask) {
        store.write("mask", *problem.mask);
    }
    for (const EstimateMap<T>& map : answer.maps) {
        store.write(map.name, map.tensor);
    }
    for (const Factor& factor : answer.factors) {
        store.write_factor(factor.name, factor.place, factor.values);
    }
    store.set_manifest(manifest);
    store.close();
}

void write_factors(const Communicator& communicator, const std::string& path,
                   const std::vector<std::string>& axes, const std::vector<Factor>& factors,
                   const std::string& manifest) {
    const Phase phase("write");
    ImageGeometry geometry;
    geometry.axes = axes;
    ResultStore store(communicator, path, geometry);
    for (const Factor& factor : factors) {
        store.write_factor(factor.name, factor.place, factor.values);
    }
    store.set_manifest(manifest);
    store.close();
}

template <typename T>
Factor prediction_table(const SparseTensor<T>& entries, const std::vector<double>& predictions) {
    const auto indices =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries.indices());
    const auto values = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries.values());
    const Index count = entries.local_count();
    const SparseCoordinates coordinates{indices.data(), count};
    const Index columns = entries.order() + 2;
    Index first = 0;
    const std::vector<Index> counts = entries.communicator().all_gather(std::vector<Index>{count});
    for (int rank = 0; rank < entries.communicator().rank(); ++rank) {
        first += counts[static_cast<std::size_t>(rank)];
    }
    Factor table{"test_entries",
                 {{entries.entry_count(), columns}, {{first, 0}, {first + count, columns}}},
                 {}};
    for (Index entry = 0; entry < count; ++entry) {
        for (int mode = 0; mode < entries.order(); ++mode) {
            table.values.push_back(
                static_cast<double>(entries.box().begin[mode] + coordinates(mode, entry)));
        }
        table.values.push_back(static_cast<double>(values(static_cast<std::size_t>(entry))));
        table.values.push_back(predictions[static_cast<std::size_t>(entry)]);
    }
    return table;
}

template <typename T>
void write_pictures(const std::string& folder, const std::string& title,
                    const StudyProblem<T>& study, const RunAnswer<T>& answer,
                    const std::vector<std::string>& caption) {
    const Phase phase("pictures");
    SheetRequest<T> request;
    request.title = title;
    request.caption = caption;
    request.axes = study.problem.axes;
    request.wavelengths = study.outline.wavelengths;
    request.input = &study.problem.observation;
    request.estimate = &answer.estimate;
    request.deviation = answer.map(EstimateMap<T>::Kind::standard_deviation);
    request.truth = study.problem.truth ? &*study.problem.truth : nullptr;
    const PictureSheet sheet = make_sheet(request);
    const Communicator& communicator = answer.estimate.communicator();
    agree_on_rank_0(communicator, [&] {
        draw_sheet(folder + "/picture.png", sheet);
        const std::vector<MetricsLine> metrics = read_json_lines(folder + "/metrics.jsonl");
        draw_diagrams(folder + "/convergence.png", title, convergence_diagrams(metrics));
    });
}

std::vector<std::string> format_profile(const Communicator& communicator) {
    // Messages and their bytes are those of the rank that sends most.
    std::vector<std::string> lines = {fmt::format("{:<32} {:>7} {:>10} {:>10} {:>9} {:>9} {:>10}",
                                                  "phase", "calls", "max s", "mean s", "max/mean",
                                                  "messages", "MiB sent")};
    // All ranks go through the same phases; rank 0's names lead.
    std::string names;
    for (const auto& [name, record] : profile_records()) {
        names += name + "\n";
    }
    communicator.broadcast(names);
    for (std::size_t begin = 0; begin < names.size();) {
        const std::size_t end = names.find('\n', begin);
        const std::string name = names.substr(begin, end - begin);
        begin = end + 1;
        const auto found = profile_records().find(name);
        const PhaseRecord own = found == profile_records().end() ? PhaseRecord{} : found->second;
        const double longest = communicator.max(own.seconds);
        const double mean = communicator.sum(own.seconds) / communicator.size();
        const auto messages = communicator.max(static_cast<double>(own.messages));
        const double sent = messages > 0.0 ? communicator.max(own.bytes) : 0.0;
        constexpr double mebibyte = 1024.0 * 1024.0;
        lines.push_back(fmt::format("{:<32} {:>7} {:>10.3f} {:>10.3f} {:>9.2f} {:>9.0f} {:>10.3f}",
                                    name, own.calls, longest, mean,
                                    mean > 0.0 ? longest / mean : 1.0, messages, sent / mebibyte));
    }
    return lines;
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template void write_result<T>(const std::string&, const StudyProblem<T>&,                     \
                                  const OutputOptions&, const RunAnswer<T>&, const std::string&); \
    template Factor prediction_table<T>(const SparseTensor<T>&, const std::vector<double>&);      \
    template void write_pictures<T>(const std::string&, const std::string&,                       \
                                    const StudyProblem<T>&, const RunAnswer<T>&,                  \
                                    const std::vector<std::string>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
