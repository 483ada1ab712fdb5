// What a library built for glibc 2.38 and libstdc++ 13 asks for and Debian 12 does not have: three
// symbols, here under the names that the loader looks for. Only linked beside such a library.
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ios>
#include <string>

namespace {
// What the newer libstdc++ does in ios_base_library_init.
std::ios_base::Init init_streams;
}  // namespace

extern "C" {

long __isoc23_strtol(const char* text, char** end, int base) {
    return std::strtol(text, end, base);
}

void _ZSt21ios_base_library_initv() {}

// std::string::_M_replace_cold(char* p, size_t len1, const char* s, size_t len2, size_t tail):
// replaces len1 characters at p by s, whose memory may overlap the string's, and moves the tail.
void _ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE15_M_replace_coldEPcmPKcmm(
    void*, char* p, std::size_t len1, const char* s, std::size_t len2, std::size_t tail) {
    const std::string copy(s, len2);
    if (tail != 0 && len1 != len2) {
        std::memmove(p + len2, p + len1, tail);
    }
    if (len2 != 0) {
        std::memcpy(p, copy.data(), len2);
    }
}
}
