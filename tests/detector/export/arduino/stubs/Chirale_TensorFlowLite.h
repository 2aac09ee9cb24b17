// The few names of TensorFlow Lite Micro that the library uses; the interpreter answers what a test tells it to.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

constexpr int TFLITE_SCHEMA_VERSION = 3;

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

union TfLitePtrUnion {
  void* data;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
  size_t bytes;
};

struct Told {
  size_t outputs;
  TfLiteTensor input;
  TfLiteTensor output[16];
};

extern Told told;

namespace tflite {

class Model {
 public:
  uint32_t version() const { return 3; }
};

inline const Model* GetModel(const void* bytes) {
  const char* name = static_cast<const char*>(bytes) + 4;
  const bool is_model = name[0] == 'T' && name[1] == 'F' && name[2] == 'L' && name[3] == '3';
  const bool is_aligned = reinterpret_cast<uintptr_t>(bytes) % 16 == 0;
  static const Model model;
  return is_model && is_aligned ? &model : nullptr;
}

template <unsigned int kCount>
class MicroMutableOpResolver {
 public:
  TfLiteStatus AddAdd() { return add(); }
  TfLiteStatus AddAveragePool2D() { return add(); }
  TfLiteStatus AddConcatenation() { return add(); }
  TfLiteStatus AddConv2D() { return add(); }
  TfLiteStatus AddDepthwiseConv2D() { return add(); }
  TfLiteStatus AddFullyConnected() { return add(); }
  TfLiteStatus AddHardSwish() { return add(); }
  TfLiteStatus AddLeakyRelu() { return add(); }
  TfLiteStatus AddMaxPool2D() { return add(); }
  TfLiteStatus AddMean() { return add(); }
  TfLiteStatus AddMul() { return add(); }
  TfLiteStatus AddPad() { return add(); }
  TfLiteStatus AddReduceMax() { return add(); }
  TfLiteStatus AddRelu() { return add(); }
  TfLiteStatus AddRelu6() { return add(); }
  TfLiteStatus AddReshape() { return add(); }
  TfLiteStatus AddResizeBilinear() { return add(); }
  TfLiteStatus AddResizeNearestNeighbor() { return add(); }
  TfLiteStatus AddTransposeConv() { return add(); }

 private:
  TfLiteStatus add() { return ++count_ <= kCount ? kTfLiteOk : kTfLiteError; }

  unsigned int count_ = 0;
};

class MicroInterpreter {
 public:
  template <typename Resolver>
  MicroInterpreter(const Model*, const Resolver&, uint8_t* arena, size_t size) : size_(size) { arena[size - 1] = 0; }

  TfLiteStatus AllocateTensors() { return kTfLiteOk; }
  TfLiteStatus Invoke() { return kTfLiteOk; }
  TfLiteTensor* input(size_t) { return &told.input; }
  TfLiteTensor* output(size_t index) { return &told.output[index]; }
  size_t outputs_size() const { return told.outputs; }
  size_t arena_used_bytes() const { return size_; }

 private:
  size_t size_;
};

}  // namespace tflite
