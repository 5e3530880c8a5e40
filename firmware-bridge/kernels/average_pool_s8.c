#include "../include/milliwatt.h"

/* Channels whose sums are kept at once. */
#define MW_AVERAGE_CHANNELS 64

/* The mean of a window: rounded half away from zero or, `even`, as zero + RNE((sum - count * zero) / count) in float32. */
static inline int32_t mw_mean_s8(int32_t sum, int32_t count, int32_t zero, int even)
{
  if (even) return (int32_t)mw_round_even((float)(sum - count * zero) / (float)count) + zero;
  return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

/* Average over windows that are cut to the image. */
MW_KERNEL void mw_average_pool_s8(const int8_t *input, int8_t *output, const mw_geometry *g, int32_t zero, int even,
                                  int32_t min, int32_t max)
{
  const int32_t channels = g->input_channels;
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * channels)
    for (int32_t oy = 0; oy < g->output_height; oy++)
      for (int32_t ox = 0; ox < g->output_width; ox++, output += channels) {
        const int32_t top = oy * g->stride_height - g->pad_top, left = ox * g->stride_width - g->pad_left;
        const int32_t from_y = mw_max(top, 0), to_y = mw_min(top + g->filter_height, g->input_height);
        const int32_t from_x = mw_max(left, 0), to_x = mw_min(left + g->filter_width, g->input_width);
        const int32_t count = (to_y - from_y) * (to_x - from_x);
        for (int32_t first = 0; first < channels; first += MW_AVERAGE_CHANNELS) {
          const int32_t some = mw_min(MW_AVERAGE_CHANNELS, channels - first);
          int32_t sums[MW_AVERAGE_CHANNELS] = {0};
          for (int32_t y = from_y; y < to_y; y++)
            for (int32_t x = from_x; x < to_x; x++) {
              const int8_t *pixel = input + (y * g->input_width + x) * channels + first;
              for (int32_t c = 0; c < some; c++) sums[c] += pixel[c];
            }
          for (int32_t c = 0; c < some; c++)
            output[first + c] = (int8_t)mw_clamp(mw_mean_s8(sums[c], count, zero, even), min, max);
        }
      }
}
