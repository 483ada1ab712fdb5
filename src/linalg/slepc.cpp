#include "tessera/linalg/slepc.hpp"

#include <slepcsys.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "petsc_errors.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/log.hpp"
#include "tessera/parallel/communicator.hpp"
#include "tessera/parallel/runtime.hpp"

namespace tessera {
namespace {

/// What PETSc said where an error arose; the frames above it only repeat the code.
std::string& last_message() {
    static std::string text;
    return text;
}

PetscErrorCode keep_message(MPI_Comm /*comm*/, int /*line*/, const char* /*function*/,
                            const char* /*file*/, PetscErrorCode code, PetscErrorType type,
                            const char* message, void* /*context*/) {
    if (type == PETSC_ERROR_INITIAL) {
        last_message() = message == nullptr ? "" : message;
    }
    return code;
}

/// PETSc's rule: a dash and a letter; "-1e-8" is a value.
bool is_option(const std::string& word) {
    return word.size() > 1 && word[0] == '-' &&
           (word[1] == '-' || std::isalpha(static_cast<unsigned char>(word[1])) != 0);
}

std::vector<std::string> checked_words(const std::string& petsc_options) {
    std::istringstream stream(petsc_options);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    if (!words.empty() && !is_option(words.front())) {
        throw UsageError("petsc_options: '" + words.front() +
                         "' is not an option of PETSc; options begin with a dash, as in "
                         "\"-svd_ncv 40\".");
    }
    return words;
}

/// Always set.
const std::vector<std::string> own_options = {"-no_signal_handler", "-skip_petscrc"};

/// Asked for at the very end only, and so never misspelt for being unused before.
const std::vector<std::string> late_options = {"-options_left", "-options_view", "-objects_dump",
                                               "-malloc_dump", "-malloc_view"};

bool is_among(const std::vector<std::string>& options, const std::string& name) {
    return std::find(options.begin(), options.end(), name) != options.end();
}

void start(const std::vector<std::string>& options) {
    TESSERA_ASSERT(Runtime::alive(), "SLEPc needs a Runtime");
    std::vector<std::string> words = {"tessera"};
    words.insert(words.end(), own_options.begin(), own_options.end());
    words.insert(words.end(), options.begin(), options.end());
    // PETSc keeps these pointers until its end.
    static std::vector<std::string> kept;
    static std::vector<char*> pointers;
    kept = std::move(words);
    for (std::string& word : kept) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    int count = static_cast<int>(kept.size());
    char** arguments = pointers.data();
    PETSC_COMM_WORLD = Communicator::world().handle();
    check_petsc(SlepcInitialize(&count, &arguments, nullptr, nullptr), "SlepcInitialize");
    check_petsc(PetscPushErrorHandler(keep_message, nullptr), "PetscPushErrorHandler");
    Runtime::at_end([] {
        report_unused_petsc_options();
        SlepcFinalize();
    });
}

}  // namespace

void check_petsc(PetscErrorCode code, const char* call) {
    if (code == 0) {
        return;
    }
    std::string text = last_message();
    if (text.empty()) {
        const char* general = nullptr;
        PetscErrorMessage(code, &general, nullptr);
        text = general == nullptr ? "no reason given" : general;
    }
    std::replace(text.begin(), text.end(), '\n', ' ');
    last_message().clear();
    const std::string name = std::string(call).substr(0, std::string(call).find('('));
    const std::string message = "SLEPc: " + name + " failed: " + text;
    switch (code) {
        case PETSC_ERR_MEM:
            throw MemoryError("Not enough memory for the distributed SVD (" + name +
                              "): use more nodes, fewer values or a smaller subspace.");
        case PETSC_ERR_SUP:
        case PETSC_ERR_ARG_OUTOFRANGE:
        case PETSC_ERR_ARG_UNKNOWN_TYPE:
        case PETSC_ERR_ARG_WRONG:
        case PETSC_ERR_ARG_INCOMP:
        case PETSC_ERR_USER_INPUT:
        case PETSC_ERR_INT_OVERFLOW:
            throw UsageError(message + " (check run.petsc_options).");
        default:
            throw ConvergenceError(message + ".");
    }
}

void ensure_slepc(const std::string& petsc_options) {
    const std::vector<std::string> words = checked_words(petsc_options);
    PetscBool started = PETSC_FALSE;
    check_petsc(SlepcInitialized(&started), "SlepcInitialized");
    if (started == PETSC_FALSE) {
        start(words);
    } else if (!words.empty()) {
        check_petsc(PetscOptionsInsertString(nullptr, petsc_options.c_str()),
                    "PetscOptionsInsertString");
    }
}

std::vector<std::string> unused_petsc_options() {
    PetscBool started = PETSC_FALSE;
    check_petsc(SlepcInitialized(&started), "SlepcInitialized");
    std::vector<std::string> unused;
    if (started == PETSC_FALSE) {
        return unused;
    }
    PetscInt count = 0;
    char** names = nullptr;
    char** values = nullptr;
    check_petsc(PetscOptionsLeftGet(nullptr, &count, &names, &values), "PetscOptionsLeftGet");
    for (PetscInt i = 0; i < count; ++i) {
        std::string option = std::string("-") + names[i];
        if (is_among(own_options, option) || is_among(late_options, option)) {
            continue;
        }
        if (values[i] != nullptr && values[i][0] != '\0') {
            option += std::string(" ") + values[i];
        }
        unused.push_back(option);
    }
    check_petsc(PetscOptionsLeftRestore(nullptr, &count, &names, &values),
                "PetscOptionsLeftRestore");
    return unused;
}

void report_unused_petsc_options() {
    static std::set<std::string> reported;
    for (const std::string& option : unused_petsc_options()) {
        if (reported.insert(option).second) {
            log::warning("PETSc option " + option +
                         " was not used: it is misspelt, or meant for a solver that did not run.");
        }
    }
}

}  // namespace tessera
