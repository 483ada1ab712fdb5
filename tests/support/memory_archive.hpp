#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"

namespace tessera::test_support {

/// An archive in memory, for the same number of ranks.
class MemoryArchive final : public Archive {
  public:
    void rewind_for_loading() { loading_ = true; }
    [[nodiscard]] bool loading() const override { return loading_; }
    void value(const std::string& name, std::int64_t& member) override {
        keep(integer_, name, member);
    }
    void value(const std::string& name, double& member) override { keep(real_, name, member); }
    void value(const std::string& name, bool& member) override { keep(flag_, name, member); }
    void value(const std::string& name, std::string& member) override { keep(text_, name, member); }
    void value(const std::string& name, std::vector<double>& member) override {
        keep(reals_, name, member);
    }
    void value(const std::string& name, std::vector<std::int64_t>& member) override {
        keep(integers_, name, member);
    }
    void block(const std::string& name, const BlockPlace& place, double* data) override {
        std::vector<double> values(data, data + place.box.size());
        keep(reals_, name, values);
        std::copy(values.begin(), values.end(), data);
    }
    void block(const std::string& name, const BlockPlace& place, float* data) override {
        std::vector<float> values(data, data + place.box.size());
        keep(floats_, name, values);
        std::copy(values.begin(), values.end(), data);
    }
    void open_group(const std::string& name) override { groups_.push_back(name); }
    void close_group() override { groups_.pop_back(); }

  private:
    template <typename Value>
    void keep(std::map<std::string, Value>& store, std::string name, Value& member) {
        for (const std::string& group : groups_) {
            name += " of " + group;
        }
        if (loading_) {
            member = store.at(name);
        } else {
            store[name] = member;
        }
    }

    bool loading_ = false;
    std::vector<std::string> groups_;
    std::map<std::string, std::int64_t> integer_;
    std::map<std::string, double> real_;
    std::map<std::string, bool> flag_;
    std::map<std::string, std::string> text_;
    std::map<std::string, std::vector<double>> reals_;
    std::map<std::string, std::vector<float>> floats_;
    std::map<std::string, std::vector<std::int64_t>> integers_;
};

}  // namespace tessera::test_support
