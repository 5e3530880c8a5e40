/* Tiles of pixels and channels: how convolutions over packed weights are computed. */
#ifndef MILLIWATT_TILE_H
#define MILLIWATT_TILE_H

#include "vector.h"

/* Pixels of a tile at most. */
#define MW_TILE_PIXELS 16

/* Blocks of sixteen channels of a tile at most, when it has one pixel. */
#define MW_TILE_BLOCKS 8

/* Rows of a padded, flipped image and how a filter walks them: per output pixel runs of neighbouring bytes. */
typedef struct {
  int32_t rows, pixels;           /* lines of output, and pixels in each */
  int32_t row_bytes, pixel_bytes; /* from one line's or pixel's window to the next one's */
  int32_t runs_high, runs_wide;   /* runs of a window */
  int32_t run_row_bytes, run_column_bytes;
  int32_t quads; /* groups of four bytes in a run */
} mw_windows;

/*
 * Weights [block of 16 channels][run][quad][channel][4 bytes], a quad being four int8 or one float; `bias`, `min` and
 * `max` are those of floats.
 */
typedef struct {
  const void *weights;
  int32_t channels;
  mw_blocks blocks;
  const float *bias;
  float min, max;
} mw_packed_conv;

/* Requantises the sums of a tile and stores them. */
MW_INLINE void mw_finish_s8(const mw_i32x16 *sums, int8_t *output, const mw_packed_conv *p, int32_t block,
                            const int pixels, const int blocks)
{
#pragma GCC unroll 16
  for (int first = 0; first < pixels * blocks; first += 4) {
    mw_i32x16 four[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const int at = first + i < pixels * blocks ? first + i : first;
      four[i] = mw_requantize_block(sums[at], &p->blocks, block + at % blocks);
    }
    const mw_s8x64 bytes = mw_narrow(four, p->blocks.zero, p->blocks.min, p->blocks.max);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const int at = first + i;
      if (at >= pixels * blocks) continue;
      const int32_t channel = 16 * (block + at % blocks);
      mw_store_run(output + at / blocks * p->channels + channel, &bytes, i, p->channels - channel);
    }
  }
}

/* Adds the bias to the sums of a tile of floats, cuts and stores them. */
MW_INLINE void mw_finish_f32(const mw_i32x16 *sums, float *output, const mw_packed_conv *p, int32_t block,
                             const int pixels, const int blocks)
{
#pragma GCC unroll 24
  for (int at = 0; at < pixels * blocks; at++) {
    const int32_t channel = 16 * (block + at % blocks);
    float lanes[16] __attribute__((aligned(64)));
    MW_EACH_PART memcpy((uint8_t *)lanes + i * MW_PART_BYTES, &sums[at].part[i], MW_PART_BYTES);
    for (int i = 0; i < 16; i++) lanes[i] = mw_cut(lanes[i] + p->bias[channel + i], p->min, p->max);
    memcpy(output + at / blocks * p->channels + channel, lanes, 4 * (size_t)mw_min(16, p->channels - channel));
  }
}

/* pixels x blocks of 16 channels: products of all runs, then what makes outputs of them. */
MW_INLINE void mw_conv_tile(const uint8_t *window, void *output, const mw_windows *v, const mw_packed_conv *p,
                            int32_t block, const int pixels, const int blocks, const int floats)
{
  mw_i32x16 sums[MW_TILE_PIXELS * 4];
  const int32_t block_bytes = v->runs_high * v->runs_wide * v->quads * 64;
  const int8_t *weights = (const int8_t *)p->weights + block * block_bytes;
#pragma GCC unroll 16
  for (int m = 0; m < pixels; m++)
#pragma GCC unroll 8
    for (int n = 0; n < blocks; n++)
      sums[m * blocks + n] = floats ? (mw_i32x16){{{0}}} : mw_load(p->blocks.bias + 16 * (block + n));
  for (int32_t high = 0; high < v->runs_high; high++)
    for (int32_t wide = 0; wide < v->runs_wide; wide++) {
      const uint8_t *source = window + high * v->run_row_bytes + wide * v->run_column_bytes;
      for (int32_t quad = 0; quad < v->quads; quad++, source += 4, weights += 64) {
        mw_i32x16 w[MW_TILE_BLOCKS];
#pragma GCC unroll 8
        for (int n = 0; n < blocks; n++) w[n] = mw_load(weights + n * block_bytes);
#pragma GCC unroll 16
        for (int m = 0; m < pixels; m++) {
          const mw_i32x16 x = mw_splat_quad(source + m * v->pixel_bytes);
#pragma GCC unroll 8
          for (int n = 0; n < blocks; n++) {
            mw_i32x16 *sum = &sums[m * blocks + n];
            *sum = floats ? mw_multiply_add(*sum, x, w[n]) : mw_dot(*sum, x, w[n]);
          }
        }
      }
    }
  if (floats) mw_finish_f32(sums, (float *)output, p, block, pixels, blocks);
  else mw_finish_s8(sums, (int8_t *)output, p, block, pixels, blocks);
}

/* Pixels of a tile that wastes the least on `count` of them: a tile loads its weights once, which costs about a pixel. */
MW_INLINE int mw_tile_pixels(int32_t count, const int blocks)
{
  const int most = mw_min(MW_TILE_PIXELS, mw_max(1, MW_ACCUMULATORS / blocks));
  if (count <= most) return (int)count;
  int best = most;
  for (int pixels = most; 2 * pixels > most; pixels--) {
    const int32_t cost = (count + pixels - 1) / pixels * (pixels + 1);
    if (cost < (count + best - 1) / best * (best + 1)) best = pixels;
  }
  return best;
}

/* All pixels of `blocks` blocks of channels; the last tile of a line ends with it and may compute some pixels twice. */
MW_INLINE void mw_conv_blocks(const uint8_t *image, uint8_t *output, const mw_windows *v, const mw_packed_conv *p,
                              int32_t block, const int blocks, const int pixels, const int floats)
{
  const int32_t output_bytes = p->channels * (floats ? 4 : 1);
  for (int32_t row = 0; row < v->rows; row++)
    for (int32_t start = 0; start < v->pixels; start += pixels) {
      const int32_t pixel = mw_min(start, v->pixels - pixels);
      mw_conv_tile(image + row * v->row_bytes + pixel * v->pixel_bytes,
                   output + (row * v->pixels + pixel) * output_bytes, v, p, block, pixels, blocks, floats);
    }
}

/* Convolution over packed weights, of floats or int8; `image` holds the windows, int8 flipped. */
MW_INLINE void mw_conv_image(const uint8_t *image, void *output, const mw_windows *v, const mw_packed_conv *p,
                             const int floats)
{
  uint8_t *to = (uint8_t *)output;
  const int32_t blocks = (p->channels + 15) / 16;
  const int most = MW_ACCUMULATORS < 16 ? 1 : v->pixels == 1 ? MW_TILE_BLOCKS : 4;
  const int rest = blocks % most;
  for (int32_t block = 0; block + most <= blocks; block += most)
    mw_conv_blocks(image, to, v, p, block, most, mw_tile_pixels(v->pixels, most), floats);
  if (rest > 0) mw_conv_blocks(image, to, v, p, blocks - rest, rest, mw_tile_pixels(v->pixels, rest), floats);
}

/*
 * Copies an image with the padding of its windows, `rows` rows of `row_bytes`: the padding of g at the top and left, the
 * rest elsewhere; all bytes are xored with `flip`.
 */
MW_INLINE void mw_pad(const uint8_t *input, uint8_t *to, const mw_geometry *g, int32_t element_bytes, int32_t rows,
                      int32_t row_bytes, int32_t padding, const int flip)
{
  const int32_t pixel_bytes = g->input_channels * element_bytes;
  const int32_t left = g->pad_left * pixel_bytes;
  const int32_t inner = mw_min(g->input_width * pixel_bytes, row_bytes - left);
  const int fill = (padding & 255) ^ flip;
  for (int32_t row = 0; row < rows; row++, to += row_bytes) {
    const int32_t y = row - g->pad_top;
    if (y < 0 || y >= g->input_height) {
      memset(to, fill, (size_t)row_bytes);
      continue;
    }
    const uint8_t *from = input + y * g->input_width * pixel_bytes;
    memset(to, fill, (size_t)left);
    for (int32_t i = 0; i < inner; i++) to[left + i] = (uint8_t)(from[i] ^ flip);
    memset(to + left + inner, fill, (size_t)(row_bytes - left - inner));
  }
}

#endif
