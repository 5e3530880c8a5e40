#include "../include/milliwatt.h"

typedef enum { MW_ADD, MW_SUB, MW_MUL, MW_DIV, MW_MAXIMUM, MW_MINIMUM, MW_PRELU } mw_pair_function;

/* An operand repeats after `period` elements; where it is broadcast otherwise, `indices` names its element. */
typedef struct {
  int32_t period;
  const int32_t *indices;
} mw_broadcast;

/* A function of two floats; what is not a number stays. */
static inline float mw_binary(mw_pair_function function, float a, float b)
{
  switch (function) {
    case MW_ADD: return a + b;
    case MW_SUB: return a - b;
    case MW_MUL: return a * b;
    case MW_DIV: return a / b;
    case MW_MAXIMUM: return a != a || a > b ? a : b;
    case MW_MINIMUM: return a != a || a < b ? a : b;
    case MW_PRELU: return a >= 0 ? a : a * b;
  }
  return a;
}

/* A function of two floats, broadcasting included, then cut. */
MW_KERNEL void mw_binary_f32(const float *left, mw_broadcast left_side, const float *right, mw_broadcast right_side,
                             float *output, int32_t count, mw_pair_function function, float min, float max)
{
  for (int32_t i = 0; i < count; i++) {
    const float a = left[left_side.indices ? left_side.indices[i] : i % left_side.period];
    const float b = right[right_side.indices ? right_side.indices[i] : i % right_side.period];
    output[i] = mw_cut(mw_binary(function, a, b), min, max);
  }
}
