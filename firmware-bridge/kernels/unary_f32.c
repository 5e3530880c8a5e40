#include <math.h>

#include "../include/exponential.h"
#include "../include/milliwatt.h"

typedef enum {
  MW_CLAMP, MW_LEAKY, MW_ABS, MW_NEG, MW_SQUARE, MW_SQRT, MW_RSQRT, MW_FLOOR, MW_CEIL,
  MW_EXP, MW_ELU, MW_LOGISTIC, MW_TANH, MW_HARD_SWISH,
} mw_function;

/* A function of one float; `parameter` is the slope of the negative side. */
static inline float mw_unary(mw_function function, float x, float parameter)
{
  const double wide = (double)x;
  switch (function) {
    case MW_CLAMP: return x;
    case MW_LEAKY: return x >= 0 ? x : x * parameter;
    case MW_ABS: return fabsf(x);
    case MW_NEG: return -x;
    case MW_SQUARE: return x * x;
    case MW_SQRT: return sqrtf(x);
    case MW_RSQRT: return 1 / sqrtf(x);
    case MW_FLOOR: return floorf(x);
    case MW_CEIL: return ceilf(x);
    case MW_EXP: return (float)mw_exponential(wide);
    case MW_ELU: return x > 0 ? x : (float)(mw_exponential(wide) - 1);
    case MW_LOGISTIC: return (float)(1 / (1 + mw_exponential(-wide)));
    /* Near 0 the quotient would lose digits. */
    case MW_TANH: return (float)(fabs(wide) < 1e-4 ? wide - wide * wide * wide / 3 : 1 - 2 / (1 + mw_exponential(2 * wide)));
    case MW_HARD_SWISH: return x * mw_cut(x + 3, 0, 6) / 6;
  }
  return x;
}

/* A function of every float, then cut. */
MW_KERNEL void mw_unary_f32(const float *input, float *output, int32_t count, mw_function function, float parameter,
                            float min, float max)
{
  for (int32_t i = 0; i < count; i++) output[i] = mw_cut(mw_unary(function, input[i], parameter), min, max);
}
