// The deck parser and the schema, given any text: only an Error may come of it.
#include <cstdint>
#include <string>
#include <string_view>

#include "io/deck_fixture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace tessera;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    try {
        (void)test_support::DeckFixture().error_of(std::string(text));
    } catch (const Error&) {
        // Said in words, as it should be.
    }
    return 0;
}
