#include "tessera/app/manifest.hpp"

#include <unistd.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tessera/base/build_info.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/blas_kernel.hpp"

namespace tessera {
namespace {

using nlohmann::json;

std::string host_name() {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::array<char, 32> text{};
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

json describe_program() {
    const BuildInfo build = build_info();
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> mpi{};
    int length = 0;
    MPI_Get_library_version(mpi.data(), &length);
    std::string mpi_text(mpi.data(), static_cast<std::size_t>(length));
    mpi_text = mpi_text.substr(0, mpi_text.find(','));
    return {{"version", build.version},       {"git_commit", build.git_commit},
            {"git_dirty", build.git_dirty},   {"compiler", build.compiler},
            {"flags", build.flags},           {"build_type", build.build_type},
            {"kokkos", build.kokkos_version}, {"mpi", mpi_text},
            {"hdf5", build.hdf5_version},     {"petsc", build.petsc_version},
            {"slepc", build.slepc_version},   {"blas", blas_description()}};
}

json describe_machine(const Communicator& communicator) {
    std::vector<std::string> hosts = communicator.gather(host_name());
    std::sort(hosts.begin(), hosts.end());
    json counted = json::object();
    for (const std::string& host : hosts) {
        counted[host] = counted.value(host, 0) + 1;
    }
    json job = json::object();
    for (const char* const name : {"SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_RESTART_COUNT",
                                   "SLURM_JOB_NUM_NODES", "LOADEDMODULES"}) {
        if (const char* const value = std::getenv(name)) {
            job[name] = value;
        }
    }
    return {{"ranks", communicator.size()},
            {"threads_per_rank", Kokkos::DefaultExecutionSpace().concurrency()},
            {"execution_space", Kokkos::DefaultExecutionSpace::name()},
            {"ranks_on_host", counted},
            {"job", job}};
}

json describe_source(const std::string& source) {
    if (source.empty()) {
        return {{"path", ""}};
    }
    std::error_code ignored;
    const auto changed =
        std::chrono::file_clock::to_sys(std::filesystem::last_write_time(source, ignored));
    return {{"path", std::filesystem::absolute(source, ignored).string()},
            {"bytes", std::filesystem::file_size(source, ignored)},
            {"changed_unix_seconds",
             std::chrono::duration_cast<std::chrono::seconds>(changed.time_since_epoch()).count()}};
}

}  // namespace

std::string make_manifest(const Communicator& communicator, const Study& study,
                          const std::vector<std::string>& assignments, const std::string& source) {
    json options = json::array();
    for (const ManifestKey& key : study.resolved().manifest()) {
        options.push_back({{"key", key.key}, {"value", key.value}, {"origin", key.origin}});
    }
    const json machine = describe_machine(communicator);
    std::string text;
    if (communicator.rank() == 0) {
        text =
            json{{"started", utc_now()},        {"program", describe_program()},
                 {"machine", machine},          {"input", describe_source(source)},
                 {"command_line", assignments}, {"changed_keys", study.resolved().changed_keys()},
                 {"options", options}}
                .dump(2);
    }
    communicator.broadcast(text);
    return text;
}

std::string manifest_with_scaling(const std::string& json_text, const Scaling& scaling) {
    json manifest = json::parse(json_text, nullptr, false);
    manifest["scaling"] = {
        {"text", scaling.describe()}, {"offset", scaling.offset}, {"factor", scaling.factor}};
    return manifest.dump(2);
}

std::vector<std::string> assignments_of_manifest(const std::string& json_text,
                                                 const std::string& path) {
    try {
        return json::parse(json_text).at("command_line").get<std::vector<std::string>>();
    } catch (const json::exception& problem) {
        throw IoError(path + " is no manifest of a run: " + problem.what());
    }
}

std::vector<std::string> input_changes(const std::string& json_text, const std::string& source) {
    const json before = json::parse(json_text, nullptr, false);
    std::vector<std::string> changes;
    if (source.empty() || !before.contains("input")) {
        return changes;
    }
    const json now = describe_source(source);
    for (const char* const what : {"bytes", "changed_unix_seconds"}) {
        if (before["input"].contains(what) && before["input"][what] != now[what]) {
            changes.push_back(source + " is not the file that the run began with: its " +
                              (std::string(what) == "bytes" ? "size" : "time of change") +
                              " differs");
        }
    }
    return changes;
}

}  // namespace tessera
