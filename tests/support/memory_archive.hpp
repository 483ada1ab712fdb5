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
        const auto count = static_cast<std::size_t>(place.shape.product());
        const auto for_each = [&](const auto& visit) {
            const Extents block = place.box.shape();
            for (Index offset = 0; offset < place.box.size(); ++offset) {
                Extents at = row_major_position(offset, block);
                for (int mode = 0; mode < block.order(); ++mode) {
                    at[mode] += place.box.begin[mode];
                }
                visit(static_cast<std::size_t>(row_major_offset(at, place.shape)), data[offset]);
            }
        };
        std::vector<double> whole(count, 0.0);
        if (!loading_) {
            std::vector<double> holders(count, 0.0);
            for_each([&](std::size_t at, const T& value) {
                whole[at] = static_cast<double>(value);
                holders[at] = 1.0;
            });
            Communicator::world().sum_in_place(whole.data(), static_cast<Index>(count));
            Communicator::world().sum_in_place(holders.data(), static_cast<Index>(count));
            for (std::size_t i = 0; i < count; ++i) {
                whole[i] /= std::max(1.0, holders[i]);
            }
        }
        keep(reals_, name, whole);
        for_each([&](std::size_t at, T& value) { value = static_cast<T>(whole[at]); });
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
