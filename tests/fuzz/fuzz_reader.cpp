// A reader of a format, given any bytes: only an Error may come of it. FUZZ_HEADER, FUZZ_LIST,
// FUZZ_OPEN and FUZZ_FILE name the format's functions and its kind of file; FUZZ_NAMED: its files
// hold several arrays; FUZZ_BESIDE: the file that it needs beside the one that is made up.
#include FUZZ_HEADER

#include <cstdint>

#include "fuzz/fuzz_support.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/communicator.hpp"

namespace {

using namespace tessera;

std::unique_ptr<TensorReader> open(const std::string& path, const DatasetInfo& info) {
#ifdef FUZZ_NAMED
    return FUZZ_OPEN(path, info.dataset);
#else
    (void)info;
    return FUZZ_OPEN(path);
#endif
}

void read(const std::string& path, const DatasetInfo& info) {
    constexpr double most_entries = 1e5;
    double entries = 1;
    for (const Index extent : info.shape) {
        entries *= static_cast<double>(extent);
    }
    if (!info.readable() || entries > most_entries) {
        return;
    }
    try {
        const auto reader = open(path, info);
        const Extents shape = reader->shape();
        const HostView<double> values("values", static_cast<std::size_t>(shape.product()));
        reader->read<double>({Extents::filled(shape.order(), 0), shape}, values,
                             Communicator::world());
    } catch (const Error&) {
        // Said in one sentence, as it should be.
    }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    fuzz::start_libraries(argc, argv);
#ifdef FUZZ_BESIDE
    const std::string data(4096, '\1');
    fuzz::write_file(FUZZ_BESIDE, data.data(), data.size());
#endif
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string path = fuzz::write_file(FUZZ_FILE, bytes, size);
    std::vector<DatasetInfo> infos;
    try {
        infos = FUZZ_LIST(path);
    } catch (const Error&) {
        return 0;
    }
    constexpr std::size_t most_arrays = 3;
    for (std::size_t i = 0; i < infos.size() && i < most_arrays; ++i) {
        read(path, infos[i]);
    }
    return 0;
}
