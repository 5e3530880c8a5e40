#include "model.h"

#include <string.h>

#include "../port/port.h"

static uint8_t chosen;

const bridge_model *bridge_model_this(void) { return &bridge_this.models[chosen]; }
uint8_t bridge_model_chosen(void) { return chosen; }

void bridge_model_reset(void) { bridge_model_this()->reset(bridge_this.arena); }

void bridge_model_choose(uint8_t index)
{
  chosen = index;
  memset(bridge_this.inputs, 0, bridge_this.inputs_room);
  bridge_model_clear_ticks();
  bridge_model_reset();
}

/* A place in the arena serves many values, so that inputs must be there anew for every run. */
static void load(void)
{
  const bridge_model *model = bridge_model_this();
  const uint8_t *from = bridge_this.inputs;
  for (uint8_t i = 0; i < model->inputs; i++) {
    memcpy(bridge_this.arena + model->input[i].offset, from, model->input[i].bytes);
    from += model->input[i].bytes;
  }
}

void bridge_model_run(void)
{
  load();
  bridge_model_this()->run(bridge_this.arena);
}

void bridge_model_run_layers(int flags)
{
  const bridge_model *model = bridge_model_this();
  load();
  for (uint16_t i = 0; i < model->layers; i++) {
    if (flags & BRIDGE_MARK_LAYERS) port_mark(1);
    const uint64_t began = port_ticks();
    model->run_layer(bridge_this.arena, i);
    bridge_this.layer_ticks[i] += port_ticks() - began;
    if (flags & BRIDGE_MARK_LAYERS) port_mark(0);
  }
}

void bridge_model_clear_ticks(void)
{
  memset(bridge_this.layer_ticks, 0, bridge_model_this()->layers * sizeof *bridge_this.layer_ticks);
}

int bridge_model_read(uint32_t offset, uint8_t *to, size_t count)
{
  const bridge_model *model = bridge_model_this();
  if (offset > model->output_bytes || count > model->output_bytes - offset) return 0;
  for (uint8_t i = 0; i < model->outputs && count > 0; i++) {
    const bridge_tensor *output = &model->output[i];
    if (offset >= output->bytes) {
      offset -= output->bytes;
      continue;
    }
    const size_t part = count < output->bytes - offset ? count : output->bytes - offset;
    memcpy(to, bridge_this.arena + output->offset + offset, part);
    to += part;
    count -= part;
    offset = 0;
  }
  return 1;
}

static uint32_t element_bytes(uint8_t dtype)
{
  return dtype == BRIDGE_INT8 || dtype == BRIDGE_UINT8 ? 1 : dtype == BRIDGE_INT16 ? 2 : 4;
}

/* The real that an element stands for. */
static double real(const bridge_tensor *tensor, const uint8_t *from, uint32_t at)
{
  float single;
  int32_t whole;
  int16_t half;
  switch (tensor->dtype) {
    case BRIDGE_FLOAT32:
      memcpy(&single, from + 4 * at, 4);
      return tensor->scale * ((double)single - tensor->zero_point);
    case BRIDGE_INT16:
      memcpy(&half, from + 2 * at, 2);
      return tensor->scale * (half - tensor->zero_point);
    case BRIDGE_INT32:
      memcpy(&whole, from + 4 * at, 4);
      return tensor->scale * ((double)whole - tensor->zero_point);
    case BRIDGE_UINT8: return tensor->scale * (from[at] - tensor->zero_point);
    default: return tensor->scale * ((int8_t)from[at] - tensor->zero_point);
  }
}

uint32_t bridge_model_results(void)
{
  const bridge_model *model = bridge_model_this();
  if (model->answers_error) return 1;
  uint32_t count = 0;
  for (uint8_t i = 0; i < model->outputs; i++) count += model->output[i].bytes / element_bytes(model->output[i].dtype);
  return count;
}

static double mean_square_error(const bridge_model *model)
{
  const bridge_tensor *input = &model->input[0], *output = &model->output[0];
  const uint32_t count = input->bytes / element_bytes(input->dtype);
  double sum = 0;
  for (uint32_t at = 0; at < count; at++) {
    const double difference = real(input, bridge_this.inputs, at) - real(output, bridge_this.arena + output->offset, at);
    sum += difference * difference;
  }
  return sum / count;
}

double bridge_model_result(uint32_t at)
{
  const bridge_model *model = bridge_model_this();
  if (model->answers_error) return mean_square_error(model);
  const bridge_tensor *output = model->output;
  for (; at >= output->bytes / element_bytes(output->dtype); output++) at -= output->bytes / element_bytes(output->dtype);
  return real(output, bridge_this.arena + output->offset, at);
}

/* The integer next to x, halves up. */
static double nearest(double x)
{
  const double cut = x < -1e6 ? -1e6 : x > 1e6 ? 1e6 : x;
  const int32_t whole = (int32_t)(cut + 0.5);
  return whole > cut + 0.5 ? whole - 1 : whole;
}

void bridge_model_quantize(void)
{
  const bridge_tensor *input = &bridge_model_this()->input[0];
  const double low = input->dtype == BRIDGE_UINT8 ? 0 : -128;
  for (uint32_t at = 0; at < input->bytes; at++) {
    float single;
    memcpy(&single, bridge_this.inputs + 4 * at, 4);
    double element = nearest(single / input->scale) + input->zero_point;
    if (single != single) element = input->zero_point;
    element = element < low ? low : element > low + 255 ? low + 255 : element;
    bridge_this.inputs[at] = (uint8_t)(int32_t)element;
  }
}
