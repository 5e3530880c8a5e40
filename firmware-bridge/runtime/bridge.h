/* Firmware that runs models for a host: what an image is, and the loop that serves it. */
#ifndef MILLIWATT_BRIDGE_H
#define MILLIWATT_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

/* Elements of a tensor. */
enum { BRIDGE_FLOAT32, BRIDGE_INT8, BRIDGE_UINT8, BRIDGE_INT16, BRIDGE_INT32 };

/* An input or output: where it lies in the arena, and what its integers mean. */
typedef struct {
  const char *name;
  uint8_t dtype;
  uint32_t offset, bytes;
  double scale;
  int32_t zero_point;
} bridge_tensor;

/* A model of an image. */
typedef struct {
  const char *name;
  /* What the device calls it in the protocol of MLPerf Tiny. */
  const char *benchmark;
  /* There the result is the mean squared difference of output and input. */
  uint8_t answers_error;
  /* The first 8 bytes of the SHA-256 of its C. */
  uint64_t hash;
  uint32_t arena_bytes, input_bytes, output_bytes;
  uint8_t inputs, outputs;
  uint16_t layers;
  const bridge_tensor *input, *output;
  void (*run)(void *arena);
  void (*reset)(void *arena);
  void (*run_layer)(void *arena, int32_t layer);
} bridge_model;

/* How a stream of sound becomes words. */
typedef struct {
  const char *const *labels;
  uint8_t label_count;
  /* Smoothed score that a label must reach; above 1 for those that are no words. */
  const float *thresholds;
  /* Looks whose scores are averaged, and columns of features between two looks. */
  uint8_t smoothing;
  uint16_t step;
  /* In seconds: no word for so long after one; length of a frame, and of a hop. */
  double refractory_s, frame_s, hop_s;
} bridge_listener;

/* What an image holds besides the runtime. */
typedef struct {
  /* Board, vendor, version, flags: one a line. */
  const char *about;
  const char *vendor;
  uint32_t clock_hz;
  const bridge_model *models;
  uint8_t model_count;
  /* Room for the largest arena, for the largest inputs, for the ticks of the most layers. */
  uint8_t *arena;
  uint8_t *inputs;
  uint32_t inputs_room;
  uint64_t *layer_ticks;
  /* NULL where the image spots no words; its first model does. */
  const bridge_listener *listener;
} bridge_image;

/* The image that this firmware is. */
extern const bridge_image bridge_this;

/* Serves the link for ever; ports are set up before. */
void bridge_serve(void);

#endif
