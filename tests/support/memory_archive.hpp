#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera::test_support {

/// An archive in memory, for all ranks together.
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
        keep_block(name, place, data);
    }
    void block(const std::string& name, const BlockPlace& place, float* data) override {
        keep_block(name, place, data);
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

    /// The whole array is kept on every rank, for those who save nothing and load a part.
    template <typename T>
    void keep_block(const std::string& name, const BlockPlace& place, T* data) {
        std::vector<double> whole(static_cast<std::size_t>(place.shape.product()), 0.0);
        if (!loading_) {
            for_each_position(place.box, [&](const Extents& at, Index offset) {
                whole[static_cast<std::size_t>(row_major_offset(at, place.shape))] =
                    static_cast<double>(data[offset]);
            });
            Communicator::world().sum_in_place(whole.data(), static_cast<Index>(whole.size()));
        }
        keep(reals_, name, whole);
        for_each_position(place.box, [&](const Extents& at, Index offset) {
            data[offset] =
                static_cast<T>(whole[static_cast<std::size_t>(row_major_offset(at, place.shape))]);
        });
    }

    bool loading_ = false;
    std::vector<std::string> groups_;
    std::map<std::string, std::int64_t> integer_;
    std::map<std::string, double> real_;
    std::map<std::string, bool> flag_;
    std::map<std::string, std::string> text_;
    std::map<std::string, std::vector<double>> reals_;
    std::map<std::string, std::vector<std::int64_t>> integers_;
};

}  // namespace tessera::test_support
