#include "../include/vector.h"

/*
 * How a depthwise filter walks rows of fours: four taps of a column side by side or, where the filter is one row high,
 * four neighbouring taps of the row.
 */
typedef struct {
  int32_t groups;       /* fours of taps of a column, or of the row */
  int32_t columns;      /* of a row of fours, padding included */
  int32_t vectors;      /* runs of sixteen outputs until weights and parameters repeat */
  int32_t span, advance; /* outputs until they repeat, and elements of the row of fours between their places */
  int32_t row_bytes;    /* of a row of fours, with room to write beyond */
} mw_fours;

/* Weights [run of 16 outputs][group][column of the filter][lane][4 taps]. */
typedef struct {
  const int8_t *weights;
  mw_blocks blocks;
} mw_packed_depthwise;

/* `count` runs of sixteen outputs; `left` of their bytes are stored. */
MW_INLINE void mw_depthwise_runs(const uint8_t *fours, int8_t *output, const mw_geometry *g, const mw_fours *v,
                                 const mw_packed_depthwise *p, int32_t vector, const int count, int32_t left)
{
  const int flat = g->filter_height == 1;
  const int32_t wide = flat ? 1 : g->filter_width;
  const int32_t column_bytes = 4 * g->input_channels * g->dilation_width;
  const int32_t group_bytes = flat ? 4 * column_bytes : v->row_bytes;
  const int32_t vector_bytes = v->groups * wide * 64;
  const int8_t *weights = p->weights + vector * vector_bytes;
  mw_i32x16 sums[4];
#pragma GCC unroll 4
  for (int i = 0; i < count; i++) sums[i] = mw_load(p->blocks.bias + 16 * (vector + i));
  for (int32_t group = 0; group < v->groups; group++)
    for (int32_t x = 0; x < wide; x++, weights += 64) {
      const uint8_t *from = fours + group * group_bytes + x * column_bytes;
#pragma GCC unroll 4
      for (int i = 0; i < count; i++)
        sums[i] = mw_dot(sums[i], mw_load(from + 64 * i), mw_load(weights + i * vector_bytes));
    }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) sums[i] = i < count ? mw_requantize_block(sums[i], &p->blocks, vector + i) : sums[0];
  const mw_s8x64 bytes = mw_narrow(sums, p->blocks.zero, p->blocks.min, p->blocks.max);
#pragma GCC unroll 4
  for (int i = 0; i < count; i++)
    if (left > 16 * i) mw_store_run(output + 16 * i, &bytes, i, left - 16 * i);
}

/* The outputs up to where the parameters repeat; the first `valid` of them are stored. */
MW_INLINE void mw_depthwise_span(const uint8_t *fours, int8_t *output, const mw_geometry *g, const mw_fours *v,
                                 const mw_packed_depthwise *p, int32_t valid)
{
  const int32_t whole = v->vectors / 4 * 4;
  for (int32_t vector = 0; vector < whole && 16 * vector < valid; vector += 4)
    mw_depthwise_runs(fours + 64 * vector, output + 16 * vector, g, v, p, vector, 4, valid - 16 * vector);
  if (16 * whole >= valid) return;
  switch (v->vectors - whole) {
    case 1: mw_depthwise_runs(fours + 64 * whole, output + 16 * whole, g, v, p, whole, 1, valid - 16 * whole); break;
    case 2: mw_depthwise_runs(fours + 64 * whole, output + 16 * whole, g, v, p, whole, 2, valid - 16 * whole); break;
    case 3: mw_depthwise_runs(fours + 64 * whole, output + 16 * whole, g, v, p, whole, 3, valid - 16 * whole); break;
  }
}

/* Writes a row of fours: padding, `inner` elements of four rows side by side, padding. */
MW_INLINE void mw_fours_row(uint8_t *to, const int8_t *const rows[4], int32_t left, int32_t inner, int32_t all, int32_t zero)
{
  memset(to, (zero & 255) ^ MW_FLIP, 4 * (size_t)left);
  for (int32_t i = 0; i < inner; i += 16) {
    const int8_t *const at[4] = {rows[0] + i, rows[1] + i, rows[2] + i, rows[3] + i};
    mw_interleave(to + 4 * (left + i), at);
  }
  memset(to + 4 * (left + inner), (zero & 255) ^ MW_FLIP, 4 * (size_t)(all - left - inner));
}

/* The fours of an output row whose filter is one row high: `padded` takes the row of the image with its padding. */
MW_INLINE void mw_flat_fours(const int8_t *image, int32_t iy, const mw_geometry *g, const mw_fours *v, int32_t zero,
                             uint8_t *to, int8_t *padded)
{
  const int32_t channels = g->input_channels, shift = g->dilation_width * channels;
  const int32_t all = v->columns * channels + 3 * shift;
  const int32_t left = g->pad_left * channels;
  const int32_t inner = mw_min(g->input_width * channels, all - left);
  memset(padded, zero, (size_t)all);
  if (iy >= 0 && iy < g->input_height)
    memcpy(padded + left, image + iy * g->input_width * channels, (size_t)inner);
  const int8_t *const rows[4] = {padded, padded + shift, padded + 2 * shift, padded + 3 * shift};
  mw_fours_row(to, rows, 0, v->columns * channels, v->columns * channels, zero);
}

/* The fours of an output row: rows outside the image are `padded`, which holds zero points. */
MW_INLINE void mw_column_fours(const int8_t *image, int32_t iy, const mw_geometry *g, const mw_fours *v, int32_t zero,
                               uint8_t *to, const int8_t *padded)
{
  const int32_t channels = g->input_channels;
  const int32_t inner = mw_min(g->input_width, v->columns - g->pad_left) * channels;
  for (int32_t group = 0; group < v->groups; group++) {
    const int8_t *rows[4];
    for (int32_t tap = 0; tap < 4; tap++) {
      const int32_t ky = 4 * group + tap, y = iy + ky * g->dilation_height;
      const int outside = ky >= g->filter_height || y < 0 || y >= g->input_height;
      rows[tap] = outside ? padded : image + y * g->input_width * channels;
    }
    mw_fours_row(to + group * v->row_bytes, rows, g->pad_left * channels, inner, v->columns * channels, zero);
  }
}

/*
 * Depthwise convolution over packed weights, one output a channel. `scratch` has room for the rows of fours and, behind
 * them, for a row of the image.
 */
MW_INLINE void mw_depthwise_packed_s8(const int8_t *input, int8_t *output, const mw_geometry *g, const mw_fours *v,
                                      const mw_packed_depthwise *p, int32_t zero, uint8_t *scratch)
{
  const int32_t outputs = g->output_width * g->output_channels;
  const int flat = g->filter_height == 1;
  int8_t *padded = (int8_t *)scratch + (flat ? 1 : v->groups) * v->row_bytes;
  if (!flat) memset(padded, zero, (size_t)(g->input_width * g->input_channels + 16));
  for (int32_t batch = 0; batch < g->batches; batch++, input += g->input_height * g->input_width * g->input_channels)
    for (int32_t oy = 0; oy < g->output_height; oy++, output += outputs) {
      const int32_t iy = oy * g->stride_height - g->pad_top;
      if (flat) mw_flat_fours(input, iy, g, v, zero, scratch, padded);
      else mw_column_fours(input, iy, g, v, zero, scratch, padded);
      const uint8_t *fours = scratch;
      int32_t done = 0;
      for (; done + v->span <= outputs; done += v->span, fours += 4 * v->advance)
        mw_depthwise_span(fours, output + done, g, v, p, v->span);
      if (done < outputs) mw_depthwise_span(fours, output + done, g, v, p, outputs - done);
    }
}
