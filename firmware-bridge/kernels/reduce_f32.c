#include "../include/milliwatt.h"
#include "../include/reduce.h"

/* Mean, sum, maximum or minimum of floats over axes, element by element in order. */
MW_KERNEL void mw_reduce_f32(const float *input, float *output, const mw_reduce *n)
{
  for (int32_t i = 0; i < n->outputs; i++) {
    const float *base = input + mw_nested(n->kept, n->kept_axes, i);
    float result = 0;
    for (int32_t e = 0; e < n->elements; e++) {
      const float x = base[mw_nested(n->reduced, n->reduced_axes, e)];
      if (n->mode == MW_REDUCE_MAX) result = e == 0 || x > result || x != x ? x : result;
      else if (n->mode == MW_REDUCE_MIN) result = e == 0 || x < result || x != x ? x : result;
      else result += x;
    }
    output[i] = n->mode == MW_REDUCE_MEAN ? result / (float)n->elements : result;
  }
}
