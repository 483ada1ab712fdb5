#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/base/option_spec.hpp"

/// How members of options structs become option values and back. Add a specialisation here for a
/// new member type.
namespace tessera {

template <class T>
struct OptionBinding;

template <>
struct OptionBinding<bool> {
    static constexpr OptionType type = OptionType::boolean;
    static OptionValue read(bool member) { return make_option_value(member); }
    static void write(const OptionValue& value, bool& member) { member = value.as<bool>(); }
};

template <std::integral T>
struct OptionBinding<T> {
    static constexpr OptionType type = OptionType::integer;
    static OptionValue read(T member) {
        return make_option_value(static_cast<std::int64_t>(member));
    }
    static void write(const OptionValue& value, T& member) {
        member = static_cast<T>(value.as<std::int64_t>());
    }
};

template <std::floating_point T>
struct OptionBinding<T> {
    static constexpr OptionType type = OptionType::real;
    static OptionValue read(T member) {
        // The default 0.1f shall read 0.1 in the help, not 0.10000000149.
        return make_option_value(std::same_as<T, float> ? as_written(static_cast<float>(member))
                                                        : static_cast<double>(member));
    }
    static void write(const OptionValue& value, T& member) {
        member = static_cast<T>(value.as<double>());
    }
};

template <>
struct OptionBinding<std::string> {
    static constexpr OptionType type = OptionType::string;
    static OptionValue read(const std::string& member) { return make_option_value(member); }
    static void write(const OptionValue& value, std::string& member) {
        member = value.as<std::string>();
    }
};

template <>
struct OptionBinding<std::filesystem::path> {
    static constexpr OptionType type = OptionType::path;
    static OptionValue read(const std::filesystem::path& member) {
        return make_option_value(member.string());
    }
    static void write(const OptionValue& value, std::filesystem::path& member) {
        member = value.as<std::string>();
    }
};

template <class T>
constexpr OptionType option_list_type() {
    if constexpr (std::integral<T>) {
        return OptionType::integer_list;
    } else if constexpr (std::floating_point<T>) {
        return OptionType::real_list;
    } else {
        return OptionType::string_list;
    }
}

template <class T>
struct OptionBinding<std::vector<T>> {
    static constexpr OptionType type = option_list_type<T>();
    static OptionValue read(const std::vector<T>& member) {
        OptionList list;
        for (const T& element : member) {
            list.push_back(OptionBinding<T>::read(element));
        }
        return make_option_value(std::move(list));
    }
    static void write(const OptionValue& value, std::vector<T>& member) {
        member.clear();
        for (const OptionValue& element : value.as<OptionList>()) {
            T item{};
            OptionBinding<T>::write(element, item);
            member.push_back(std::move(item));
        }
    }
};

template <class T>
constexpr OptionType option_map_type() {
    if constexpr (std::floating_point<T>) {
        return OptionType::real_map;
    } else if constexpr (std::same_as<T, std::string>) {
        return OptionType::string_map;
    } else if constexpr (std::integral<T>) {
        return OptionType::integer_map;
    } else {
        static_assert(OptionBinding<T>::type == OptionType::integer_list);
        return OptionType::integer_list_map;
    }
}

template <class T>
struct OptionBinding<std::map<std::string, T>> {
    static constexpr OptionType type = option_map_type<T>();
    static OptionValue read(const std::map<std::string, T>& member) {
        OptionMap entries;
        for (const auto& [key, element] : member) {
            entries.push_back({key, {}, OptionBinding<T>::read(element)});
        }
        return make_option_value(std::move(entries));
    }
    static void write(const OptionValue& value, std::map<std::string, T>& member) {
        member.clear();
        for (const OptionEntry& entry : value.as<OptionMap>()) {
            OptionBinding<T>::write(entry.value, member[entry.key]);
        }
    }
};

template <class T>
struct OptionBinding<std::optional<T>> {
    static constexpr OptionType type = OptionBinding<T>::type;
    static OptionValue read(const std::optional<T>& member) {
        return member ? OptionBinding<T>::read(*member) : OptionValue{};
    }
    static void write(const OptionValue& value, std::optional<T>& member) {
        member.reset();
        if (value.is_set()) {
            OptionBinding<T>::write(value, member.emplace());
        }
    }
};

/// The integer type behind T, optional<T>, vector<T> and so on; std::int64_t if there is none.
template <class T>
struct OptionInteger {
    using type = std::int64_t;
};
template <std::integral T>
struct OptionInteger<T> {
    using type = T;
};
template <>
struct OptionInteger<bool> {
    using type = std::int64_t;
};
template <class T>
struct OptionInteger<std::vector<T>> : OptionInteger<T> {};
template <class T>
struct OptionInteger<std::optional<T>> : OptionInteger<T> {};
template <class T>
struct OptionInteger<std::map<std::string, T>> : OptionInteger<T> {};

}  // namespace tessera
