#include "frame.h"

namespace detector {
namespace {

using plan::kInputChannels;

struct Pixel {
  uint8_t channels[kInputChannels];
};

Pixel pixel_of(uint32_t red, uint32_t green, uint32_t blue) {
  Pixel pixel;
  if (kInputChannels == 1) {  // 0.299 R + 0.587 G + 0.114 B in steps of 2^-15
    pixel.channels[0] = static_cast<uint8_t>((9798 * red + 19235 * green + 3735 * blue + (1 << 14)) >> 15);
    return pixel;
  }
  const uint32_t colours[] = {red, green, blue};
  for (int channel = 0; channel < kInputChannels; ++channel) {
    pixel.channels[channel] = static_cast<uint8_t>(colours[channel]);
  }
  return pixel;
}

// 5 and 6 bits to 8: the upper bits are repeated below, so that all ones stay all ones.
Pixel pixel_of_rgb565(uint32_t high, uint32_t low) {
  const uint32_t bits = high << 8 | low;
  const uint32_t red = bits >> 11, green = bits >> 5 & 63, blue = bits & 31;
  return pixel_of(red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2);
}

Pixel read_pixel(const Frame& frame, int row, int column) {
  const int index = row * frame.width_px + column;
  const uint8_t *one = &frame.pixels[index], *two = &frame.pixels[2 * index], *three = &frame.pixels[3 * index];
  switch (frame.format) {
    case PixelFormat::kRgb888:
      return pixel_of(three[0], three[1], three[2]);
    case PixelFormat::kRgb565BigEndian:
      return pixel_of_rgb565(two[0], two[1]);
    case PixelFormat::kRgb565LittleEndian:
      return pixel_of_rgb565(two[1], two[0]);
    case PixelFormat::kGrey:
      break;
  }
  return pixel_of(*one, *one, *one);
}

// One axis of the frame, resized from `from` to `to` pixels; with a shrinking axis first, then a growing one.
struct Axis {
  int from;
  int to;

  bool shrinks() const { return to < from; }
};

// Pixels first ... last of the frame, each with the share of it that a shrunk pixel covers, in units of 1 / axis.to.
struct Span {
  int first;
  int last;

  static Span of(const Axis& axis, int place) {
    if (!axis.shrinks()) return Span{place, place};
    return Span{place * axis.from / axis.to, ((place + 1) * axis.from - 1) / axis.to};
  }

  static uint32_t share(const Axis& axis, int place, int pixel) {
    if (!axis.shrinks()) return 1;
    const int begin = place * axis.from, end = begin + axis.from, left = pixel * axis.to, right = left + axis.to;
    return static_cast<uint32_t>((right < end ? right : end) - (left > begin ? left : begin));
  }
};

// To the nearest, and of two nearest to the even one; upwards where 2 x 2 pixels become one, as OpenCV has it.
uint8_t mean_of(uint32_t sum, uint32_t total, bool is_quarter) {
  const uint32_t quotient = sum / total, twice = 2 * (sum % total);
  const bool up = twice > total || (twice == total && (is_quarter || quotient % 2 == 1));
  return static_cast<uint8_t>(up ? quotient + 1 : quotient);
}

// The mean over the area of the frame that the pixel (row, column) of the shrunk frame covers.
Pixel shrunk_pixel(const Frame& frame, const Axis& down, const Axis& across, int row, int column) {
  const Span rows = Span::of(down, row), columns = Span::of(across, column);
  const bool is_quarter = down.from == 2 * down.to && across.from == 2 * across.to;
  uint32_t sums[kInputChannels] = {}, total = 0;
  for (int y = rows.first; y <= rows.last; ++y) {
    for (int x = columns.first; x <= columns.last; ++x) {
      const uint32_t share = Span::share(down, row, y) * Span::share(across, column, x);
      const Pixel pixel = read_pixel(frame, y, x);
      total += share;
      for (int channel = 0; channel < kInputChannels; ++channel) sums[channel] += share * pixel.channels[channel];
    }
  }
  Pixel mean;
  for (int channel = 0; channel < kInputChannels; ++channel) {
    mean.channels[channel] = mean_of(sums[channel], total, is_quarter);
  }
  return mean;
}

// Between which two pixels of the shrunk frame a pixel of the input lies; weights in units of 2^-11.
struct Neighbours {
  int places[2];
  uint32_t weights[2];
  int count;  // 1 where the axis does not grow, and at its ends

  static Neighbours of(const Axis& axis, int place) {
    if (axis.to <= axis.from) return Neighbours{{place, 0}, {2048, 0}, 1};
    const int twice = (2 * place + 1) * axis.from - axis.to, steps = 2 * axis.to;  // the place is twice / steps
    if (twice <= 0) return Neighbours{{0, 0}, {2048, 0}, 1};
    const int first = twice / steps;
    if (first + 1 >= axis.from) return Neighbours{{axis.from - 1, 0}, {2048, 0}, 1};
    const uint32_t second = static_cast<uint32_t>((2048 * (twice % steps) + axis.to) / steps);
    return Neighbours{{first, first + 1}, {2048 - second, second}, 2};
  }
};

// Linear between four pixels, with OpenCV's steps of rounding.
Pixel resized_pixel(const Frame& frame, const Axis& down, const Axis& across, int row, int column) {
  const Neighbours rows = Neighbours::of(down, row), columns = Neighbours::of(across, column);
  uint32_t sums[kInputChannels] = {};
  for (int y = 0; y < rows.count; ++y) {
    uint32_t along[kInputChannels] = {};
    for (int x = 0; x < columns.count; ++x) {
      const Pixel pixel = shrunk_pixel(frame, down, across, rows.places[y], columns.places[x]);
      for (int channel = 0; channel < kInputChannels; ++channel) {
        along[channel] += columns.weights[x] * pixel.channels[channel];
      }
    }
    for (int channel = 0; channel < kInputChannels; ++channel) {
      sums[channel] += (rows.weights[y] * (along[channel] >> 4)) >> 16;
    }
  }
  Pixel pixel;
  for (int channel = 0; channel < kInputChannels; ++channel) {
    pixel.channels[channel] = static_cast<uint8_t>((sums[channel] + 2) >> 2);
  }
  return pixel;
}

}  // namespace

void fill_input(const Frame& frame, plan::InputValue input[]) {
  const Axis down = {frame.height_px, plan::kInputHeightPx}, across = {frame.width_px, plan::kInputWidthPx};
  for (int row = 0; row < plan::kInputHeightPx; ++row) {
    for (int column = 0; column < plan::kInputWidthPx; ++column) {
      const Pixel pixel = resized_pixel(frame, down, across, row, column);
      for (int channel = 0; channel < kInputChannels; ++channel) *input++ = plan::input_of_pixel(pixel.channels[channel]);
    }
  }
}

}  // namespace detector
