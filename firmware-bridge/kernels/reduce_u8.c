#include "../include/milliwatt.h"
#include "../include/reduce.h"

/* Mean, sum, maximum or minimum over axes; r is NULL for maxima and minima, which need no requantisation. */
MW_KERNEL void mw_reduce_u8(const uint8_t *input, uint8_t *output, const mw_reduce *n, int32_t zero, const mw_requantization *r)
{
  for (int32_t i = 0; i < n->outputs; i++) {
    const uint8_t *base = input + mw_nested(n->kept, n->kept_axes, i);
    int32_t result = n->mode == MW_REDUCE_MAX ? INT32_MIN : n->mode == MW_REDUCE_MIN ? INT32_MAX : 0;
    for (int32_t e = 0; e < n->elements; e++) {
      const int32_t x = base[mw_nested(n->reduced, n->reduced_axes, e)];
      if (n->mode == MW_REDUCE_MAX) result = mw_max(result, x);
      else if (n->mode == MW_REDUCE_MIN) result = mw_min(result, x);
      else result += x - zero;
    }
    output[i] = (uint8_t)(r ? mw_requantize(r, 0, result) : result);
  }
}
