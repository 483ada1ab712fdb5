#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// Drawing with cairo, kept out of everything else; private to the layer.
namespace tessera::drawing {

struct Colour {
    double red = 0.0;
    double green = 0.0;
    double blue = 0.0;
};
inline constexpr Colour ink = {0.13, 0.13, 0.13};
inline constexpr Colour pale_ink = {0.45, 0.45, 0.45};
inline constexpr Colour grid_grey = {0.88, 0.88, 0.88};

/// Colours of curves that readers with any colour vision tell apart (Okabe and Ito, 2008).
[[nodiscard]] Colour curve_colour(std::size_t number);
/// Perceptually even colour map from dark violet over green to yellow (viridis); `value` in 0..1.
[[nodiscard]] Colour heat_colour(double value);

struct Point {
    double x = 0.0;
    double y = 0.0;
};
struct Rectangle {
    double x = 0.0;  ///< left
    double y = 0.0;  ///< top
    double width = 0.0;
    double height = 0.0;
};

struct TextStyle {
    double size = 11.0;
    bool bold = false;
    bool fixed_width = false;
    Colour colour = ink;
    double across = 0.0;   ///< part of the text's width that lies left of its point: 0, 0.5, 1
    bool upright = false;  ///< runs from bottom to top
};

/// 8-bit image, rows x columns x (red, green, blue).
struct Pixels {
    int rows = 0;
    int columns = 0;
    std::vector<std::uint8_t> values;
};

/// A white picture of so many pixels; y runs down. Nothing here fails: what cairo cannot do (text
/// without a font) is left out, and a picture that cannot be made at all gives an empty `png()`.
class Canvas {
  public:
    Canvas(int width, int height);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    /// `at` is on the text's base line.
    void text(Point at, const std::string& words, const TextStyle& style = {});
    void line(Point from, Point to, Colour colour, double width = 1.0);
    void curve(const std::vector<Point>& points, Colour colour, double width);
    void dot(Point at, double radius, Colour colour);
    void frame(const Rectangle& place, Colour colour, double width = 1.0);
    void fill(const Rectangle& place, Colour colour);
    /// Draws pixels into a place: as sharp squares when enlarged, averaged when made smaller.
    void image(const Rectangle& place, const Pixels& pixels);
    /// Keeps what follows inside a place, until `release`.
    void clip(const Rectangle& place);
    void release();

    /// The picture as a PNG file's bytes.
    [[nodiscard]] std::string png() const;

    /// Width of a text in pixels; 0 without fonts.
    [[nodiscard]] static double text_width(const std::string& words, const TextStyle& style = {});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tessera::drawing
