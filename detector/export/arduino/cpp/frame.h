// A frame of the camera, and how it becomes the network's input.
#pragma once

#include "model_plan.h"

namespace detector {

enum class PixelFormat {
  kGrey,                // 1 byte a pixel
  kRgb888,              // 3 bytes a pixel: red, green, blue
  kRgb565BigEndian,     // 2 bytes a pixel, red in the first: what OV767x and most parallel cameras send
  kRgb565LittleEndian,  // 2 bytes a pixel, blue in the first
};

// Rows from the top, without gaps; at most 4096 pixels along a side.
struct Frame {
  const uint8_t* pixels;
  int height_px;
  int width_px;
  PixelFormat format;
};

// Stretches a frame to the network's input as training did: colours to grey where the network wants grey; an axis that
// shrinks is averaged over the area that each new pixel covers, an axis that grows is interpolated linearly, pixel
// centres aligned. In whole numbers, to the grey level as OpenCV does; no more memory than the input.
// input: room for plan::kInputHeightPx * plan::kInputWidthPx * plan::kInputChannels.
void fill_input(const Frame& frame, plan::InputValue input[]);

}  // namespace detector
