#include "tessera/linalg/blas_kernel.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tessera {
namespace {

constexpr const char* kernel_variable = "OPENBLAS_CORETYPE";
// Set before the program starts itself again, so that it never does so twice.
constexpr const char* guard_variable = "TESSERA_BLAS_KERNEL_CHOSEN";

// OpenBLAS' own entry points, looked up because another BLAS may stand in its place at run time.
template <typename Function>
Function* library_function(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string library_text(const char* name) {
    auto* function = library_function<char*()>(name);
    const char* text = function != nullptr ? function() : nullptr;
    return text != nullptr ? text : "";
}

bool has_avx512() {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

// Valgrind would lose the program at the new start (and emulates no AVX-512 anyway).
bool under_valgrind() {
    const char* preload = std::getenv("LD_PRELOAD");
    return preload != nullptr && std::string_view(preload).find("vgpreload") != std::string::npos;
}

bool is_older_kernel(std::string_view name) {
    constexpr std::array older = {"Haswell",   "Zen",     "Excavator",   "Steamroller",
                                  "Bulldozer", "Nehalem", "Sandybridge", "Prescott"};
    for (const std::string_view candidate : older) {
        if (name == candidate) {
            return true;
        }
    }
    return false;
}

// The second word of "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...".
std::string version_of(const std::string& configuration) {
    const std::size_t begin = configuration.find(' ') + 1;
    return configuration.substr(begin, configuration.find(' ', begin) - begin);
}

}  // namespace

void choose_blas_kernel(int /*argc*/, char** argv) {
    const bool selectable =
        library_text("openblas_get_config").find("DYNAMIC_ARCH") != std::string::npos;
    if (!selectable || std::getenv(kernel_variable) != nullptr ||
        std::getenv(guard_variable) != nullptr || !has_avx512() || under_valgrind() ||
        !is_older_kernel(library_text("openblas_get_corename"))) {
        return;
    }
    // The link's target, not the link: the process would be listed under the name "exe".
    std::array<char, 4096> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
    if (length <= 0) {
        return;
    }
    setenv(kernel_variable, "SkylakeX", 0);
    setenv(guard_variable, "1", 1);
    execv(path.data(), argv);
    // Still here: the executable can't be read any more. The slower kernels do the same work.
    unsetenv(kernel_variable);
}

std::string blas_description() {
    const std::string configuration = library_text("openblas_get_config");
    const std::string kernel = library_text("openblas_get_corename");
    auto* threads = library_function<int()>("openblas_get_num_threads");
    if (!configuration.empty() && threads != nullptr) {
        const int count = threads();
        return "OpenBLAS " + version_of(configuration) + ", kernel " + kernel + ", " +
               std::to_string(count) + (count == 1 ? " thread" : " threads");
    }
    if (library_function<void()>("MKL_Get_Max_Threads") != nullptr) {
        return "MKL";
    }
    if (library_function<void()>("bli_info_get_version_str") != nullptr) {
        return "BLIS";
    }
    return "reference BLAS (slow: install libopenblas0-openmp)";
}

}  // namespace tessera
