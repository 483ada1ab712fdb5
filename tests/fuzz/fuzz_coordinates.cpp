// Coordinate lists in text, given any bytes: only an Error may come of it.
#include <cstdint>

#include "fuzz/fuzz_support.hpp"
#include "tessera/base/error.hpp"
#include "tessera/io/coordinate_file.hpp"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    tessera::fuzz::start_libraries(argc, argv);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tessera;
    try {
        const std::string path = fuzz::write_file("x.tns", bytes, size);
        (void)looks_like_coordinates(path);
        const CoordinateFile file = inspect_coordinates(path);
        (void)read_coordinates<double>(file, {}, Communicator::world());
    } catch (const Error&) {
        // Said in one sentence, as it should be.
    }
    return 0;
}
