#pragma once

#include "Chirale_TensorFlowLite.h"
