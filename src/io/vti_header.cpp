#include "vti_header.hpp"

#include <expat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

using Attributes = std::map<std::string, std::string>;

constexpr Index parse_bytes = Index{64} << 10;
/// Positions beyond are taken for damage.
constexpr Index most_extent = Index{1} << 40;
constexpr std::size_t most_elements = 10000;

/// Walks the XML. Expat is C: an error is kept here until the parser has returned.
class VtiParser {
  public:
    explicit VtiParser(const InputFile& file) : file_(file), parser_(XML_ParserCreate(nullptr)) {
        if (!parser_) {
            throw MemoryError("no memory to parse " + file.path());
        }
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(
            parser_.get(),
            [](void* self, const XML_Char* name, const XML_Char** pairs) {
                static_cast<VtiParser*>(self)->guarded([&](VtiParser& parser) {
                    Attributes attributes;
                    for (; pairs[0] != nullptr; pairs += 2) {
                        attributes[pairs[0]] = pairs[1];
                    }
                    parser.begin_element(name, attributes);
                });
            },
            [](void* self, const XML_Char*) {
                static_cast<VtiParser*>(self)->guarded([](VtiParser& p) { p.end_element(); });
            });
        XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
            static_cast<VtiParser*>(self)->text({text, static_cast<std::size_t>(size)});
        });
    }

    VtiHeader parse() {
        for (Index place = 0; !stopped_; place += parse_bytes) {
            const std::string part = file_.text(place, parse_bytes);
            const bool last = place + parse_bytes >= file_.size();
            const XML_Status status =
                XML_Parse(parser_.get(), part.data(), static_cast<int>(part.size()), last ? 1 : 0);
            if (error_) {
                throw Error(*error_);
            }
            if (status == XML_STATUS_ERROR && !stopped_) {
                refuse();
            }
            if (last) {
                break;
            }
        }
        if (!has_piece_) {
            malformed("has no Piece of an ImageData");
        }
        find_appended();
        return std::move(header_);
    }

  private:
    struct Free {
        void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
    };

    template <typename Work>
    void guarded(const Work& work) {
        if (error_) {
            return;
        }
        try {
            work(*this);
        } catch (const Error& error) {
            error_ = error;
            XML_StopParser(parser_.get(), XML_FALSE);
        }
    }

    [[noreturn]] void malformed(const std::string& what) const {
        throw IoError(file_.path() + " is not a proper VTI file: it " + what);
    }

    [[noreturn]] void refuse() const {
        const XML_Error code = XML_GetErrorCode(parser_.get());
        const std::string line = std::to_string(XML_GetCurrentLineNumber(parser_.get()));
        if (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN) {
            throw IoError(file_.path() + " is truncated: its XML ends early, in line " + line +
                          "; copy it again");
        }
        malformed("has an error in line " + line + " of its XML (" + XML_ErrorString(code) + ")");
    }

    [[nodiscard]] std::string required(const Attributes& attributes, const char* key) const {
        const auto found = attributes.find(key);
        if (found == attributes.end()) {
            malformed(std::string("lacks the attribute ") + key + " of " + path_.back());
        }
        return found->second;
    }

    /// `count` numbers with blanks between them.
    template <typename T>
    void numbers(const std::string& text, const char* key, std::size_t count, T* values) const {
        const char* place = text.data();
        const char* const end = place + text.size();
        for (std::size_t i = 0; i < count; ++i) {
            place = std::find_if(place, end, [](char c) { return c != ' '; });
            const auto [next, error] = std::from_chars(place, end, values[i]);
            bool good = error == std::errc();
            if constexpr (std::is_same_v<T, Index>) {
                good = good && values[i] >= -most_extent && values[i] <= most_extent;
            }
            if (!good) {
                malformed(std::string("has the ") + key + " '" + text + "', expected " +
                          std::to_string(count) + (count == 1 ? " number" : " numbers"));
            }
            place = next;
        }
    }

    void begin_element(const std::string& name, const Attributes& attributes) {
        const std::string parent = path_.empty() ? "" : path_.back();
        path_.push_back(name);
        if (parent.empty()) {
            root(name, attributes);
        } else if (name == "ImageData") {
            image(attributes);
        } else if (name == "Piece") {
            piece(attributes);
        } else if (name == "DataArray" && (parent == "PointData" || parent == "CellData")) {
            array(attributes, parent == "CellData");
        } else if (name == "AppendedData") {
            header_.appended_raw = required(attributes, "encoding") == "raw";
            header_.appended_begin =
                XML_GetCurrentByteIndex(parser_.get()) + XML_GetCurrentByteCount(parser_.get());
            stopped_ = true;
            XML_StopParser(parser_.get(), XML_FALSE);
        }
    }

    void end_element() {
        path_.pop_back();
        inside_array_ = inside_array_ && !path_.empty() && path_.back() == "DataArray";
    }

    /// Character data; of an array, notes where its text begins and ends.
    void text(std::string_view part) {
        if (!inside_array_ || path_.back() != "DataArray") {
            return;
        }
        constexpr std::string_view blanks = " \t\r\n";
        const std::size_t begin = part.find_first_not_of(blanks);
        if (begin == std::string_view::npos) {
            return;
        }
        const std::size_t end = part.find_last_not_of(blanks) + 1;
        const Index place = XML_GetCurrentByteIndex(parser_.get());
        VtiElement& element = header_.elements.back();
        if (element.text_characters == 0) {
            element.text_begin = place + static_cast<Index>(begin);
        }
        element.text_end = place + static_cast<Index>(end);
        element.text_characters += static_cast<Index>(
            std::count_if(part.begin() + static_cast<std::ptrdiff_t>(begin),
                          part.begin() + static_cast<std::ptrdiff_t>(end),
                          [&](char c) { return blanks.find(c) == std::string_view::npos; }));
    }

    void root(const std::string& name, const Attributes& attributes) {
        if (name != "VTKFile") {
            malformed("begins with the element " + name + ", expected VTKFile");
        }
        const std::string type = required(attributes, "type");
        if (type != "ImageData") {
            throw IoError(file_.path() + " holds VTK's " + type +
                          ", only ImageData (.vti) can be read as a tensor");
        }
        const std::string order = required(attributes, "byte_order");
        if (order != "LittleEndian" && order != "BigEndian") {
            malformed("has the byte_order '" + order + "', expected LittleEndian or BigEndian");
        }
        header_.big_endian = order == "BigEndian";
        const auto length = attributes.find("header_type");
        if (length != attributes.end()) {
            if (length->second != "UInt32" && length->second != "UInt64") {
                malformed("has the header_type '" + length->second +
                          "', expected UInt32 or UInt64");
            }
            header_.length_bytes = length->second == "UInt64" ? 8 : 4;
        }
        const auto compressor = attributes.find("compressor");
        header_.compressor = compressor == attributes.end() ? "" : compressor->second;
    }

    void image(const Attributes& attributes) {
        for (const auto& [key, value] : attributes) {
            if (key == "Origin") {
                numbers(value, "Origin", 3, header_.origin.data());
            } else if (key == "Spacing") {
                numbers(value, "Spacing", 3, header_.spacing.data());
            } else if (key == "Direction") {
                header_.direction = value;
            }
        }
    }

    void piece(const Attributes& attributes) {
        if (has_piece_) {
            malformed("has several pieces: load it in ParaView and save it in one");
        }
        has_piece_ = true;
        numbers(required(attributes, "Extent"), "Extent", 6, header_.extent.data());
    }

    void array(const Attributes& attributes, bool of_cells) {
        if (header_.elements.size() == most_elements) {
            malformed("has too many arrays");
        }
        VtiElement element;
        element.of_cells = of_cells;
        element.type = required(attributes, "type");
        element.format = required(attributes, "format");
        const auto name = attributes.find("Name");
        element.name = name == attributes.end() ? "array" + std::to_string(header_.elements.size())
                                                : name->second;
        const auto components = attributes.find("NumberOfComponents");
        if (components != attributes.end()) {
            numbers(components->second, "NumberOfComponents", 1, &element.components);
        }
        if (element.format == "appended") {
            numbers(required(attributes, "offset"), "offset", 1, &element.offset);
        } else if (element.format != "ascii" && element.format != "binary") {
            malformed("has the format '" + element.format +
                      "', expected ascii, binary or appended");
        }
        if (element.components < 1 || element.offset < 0) {
            malformed("has a negative number in the array " + element.name);
        }
        header_.elements.push_back(std::move(element));
        inside_array_ = true;
    }

    /// From behind the tag to behind the underscore that VTK begins appended data with.
    void find_appended() {
        if (header_.appended_begin == 0) {
            return;
        }
        constexpr Index most_blanks = 1024;
        const std::string start = file_.text(header_.appended_begin, most_blanks);
        const std::size_t place = start.find_first_not_of(" \t\r\n");
        if (place == std::string::npos || start[place] != '_') {
            malformed("has appended data that do not begin with an underscore");
        }
        header_.appended_begin += static_cast<Index>(place) + 1;
    }

    const InputFile& file_;
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
    VtiHeader header_;
    std::vector<std::string> path_;  ///< the elements that are open
    bool inside_array_ = false;
    bool has_piece_ = false;
    bool stopped_ = false;  ///< at the appended data
    std::optional<Error> error_;
};

}  // namespace

VtiHeader read_vti_header(const InputFile& file) { return VtiParser(file).parse(); }

}  // namespace tessera
