#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace tessera::test_support {

/// Numbers that another program has computed, by name.
using Golden = std::map<std::string, std::vector<double>>;

/// tests/<layer>/goldens/<name>.txt, whose lines are a name, a count and so many numbers; empty
/// where there is no such file below TESSERA_SOURCE.
inline Golden read_golden(const std::string& layer, const std::string& name) {
    const char* root = std::getenv("TESSERA_SOURCE");
    const std::filesystem::path folder = root != nullptr ? root : ".";
    std::ifstream file(folder / "tests" / layer / "goldens" / (name + ".txt"));
    Golden golden;
    std::size_t count = 0;
    for (std::string key; file >> key >> count;) {
        std::vector<double>& values = golden[key];
        values.resize(count);
        for (double& value : values) {
            file >> value;
        }
    }
    return golden;
}

/// The largest difference, relative to the largest expected number.
template <typename T>
double relative_difference(const T* actual, const std::vector<double>& expected) {
    double largest = 1e-300;
    double difference = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        largest = std::max(largest, std::abs(expected[i]));
        difference = std::max(difference, std::abs(static_cast<double>(actual[i]) - expected[i]));
    }
    return difference / largest;
}

}  // namespace tessera::test_support
