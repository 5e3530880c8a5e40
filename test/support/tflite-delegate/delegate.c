/*
 * An accelerator for tests: a TensorFlow Lite external delegate that claims the operators which its options declare and
 * computes them itself, int8 only, in the arithmetic of milliwatt's own kernels.
 *
 * Options: ops=CONV_2D,DEPTHWISE_CONV_2D,FULLY_CONNECTED,RESHAPE (any of these), most=N (at most so many nodes),
 * fail=create|prepare|invoke|crash (what breaks).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/lite/c/common.h"

#include "kernels/conv_s8.c"
#include "kernels/depthwise_conv_s8.c"

/* Options of the operators as tensorflow/lite/c/builtin_op_data.h documents them; padding is recomputed from `padding`. */
typedef struct {
  int padding, stride_width, stride_height, activation, dilation_width, dilation_height;
} conv_options;

typedef struct {
  int padding, stride_width, stride_height, depth_multiplier, activation, dilation_width, dilation_height;
} depthwise_options;

typedef struct {
  int activation;
} dense_options;

enum { RESHAPE = 22, CONV_2D = 3, DEPTHWISE_CONV_2D = 4, FULLY_CONNECTED = 9 };
enum { PADDING_SAME = 1 };
enum { ACTIVATION_NONE = 0, ACTIVATION_RELU = 1, ACTIVATION_RELU6 = 3 };

typedef struct {
  TfLiteDelegate base;
  char ops[256], fail[32];
  int most;
} delegate;

static const struct {
  int code;
  const char *name;
} known_ops[] = {
    {CONV_2D, "CONV_2D"},
    {DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D"},
    {FULLY_CONNECTED, "FULLY_CONNECTED"},
    {RESHAPE, "RESHAPE"},
};

/* What the delegate itself says it took from the last model, for the test to compare with what milliwatt reads back. */
static int claimed[1024];
static int claimed_count;
static int invocations;

int test_delegate_claimed(int *nodes, int capacity)
{
  for (int i = 0; i < claimed_count && i < capacity; i++) nodes[i] = claimed[i];
  return claimed_count;
}

int test_delegate_invocations(void) { return invocations; }

static int declared(const delegate *self, int code)
{
  for (size_t i = 0; i < sizeof known_ops / sizeof *known_ops; i++) {
    if (known_ops[i].code != code) continue;
    const char *at = strstr(self->ops, known_ops[i].name);
    const size_t length = strlen(known_ops[i].name);
    while (at) {
      const int begins = at == self->ops || at[-1] == ',';
      if (begins && (at[length] == ',' || at[length] == '\0')) return 1;
      at = strstr(at + 1, known_ops[i].name);
    }
  }
  return 0;
}

static int is_claimable(const delegate *self, TfLiteContext *context, int index)
{
  TfLiteNode *node;
  TfLiteRegistration *registration;
  if (context->GetNodeAndRegistration(context, index, &node, &registration) != kTfLiteOk) return 0;
  if (!declared(self, registration->builtin_code)) return 0;
  const TfLiteTensor *input = &context->tensors[node->inputs->data[0]];
  const TfLiteTensor *output = &context->tensors[node->outputs->data[0]];
  return input->type == kTfLiteInt8 && output->type == kTfLiteInt8;
}

/* TensorFlow Lite's QuantizeMultiplier. */
static void fixed_point(double real, int32_t *multiplier, int8_t *shift)
{
  int exponent;
  int64_t rounded = (int64_t)round(frexp(real, &exponent) * 2147483648.0);
  if (rounded == INT64_C(2147483648)) {
    rounded /= 2;
    exponent++;
  }
  *multiplier = exponent < -31 ? 0 : (int32_t)rounded;
  *shift = (int8_t)(exponent < -31 ? 0 : exponent);
}

/* A node's requantisation, made once; `memory` holds its tables. */
typedef struct {
  mw_requantization r;
  mw_geometry g;
  int32_t zero;
  int code, input, weights, output;
  /* Tables, and the output where only other steps of the same kernel read it: the interpreter gives such tensors no memory. */
  void *memory;
  int8_t *inside;
} step;

typedef struct {
  const delegate *owner;
  int count, failed;
  step *steps;
} kernel;

static void activation_range(int activation, const TfLiteTensor *output, mw_requantization *r)
{
  const float scale = output->params.scale;
  r->zero = output->params.zero_point;
  r->min = activation == ACTIVATION_NONE ? -128 : mw_max(-128, r->zero);
  r->max = activation == ACTIVATION_RELU6 ? mw_min(127, r->zero + (int32_t)roundf(6.0f / scale)) : 127;
}

static TfLiteStatus requantize(TfLiteContext *context, const TfLiteNode *node, int channels, int dense, step *s)
{
  const TfLiteTensor *input = &context->tensors[s->input], *output = &context->tensors[s->output];
  const TfLiteTensor *weights = &context->tensors[s->weights];
  const TfLiteAffineQuantization *affine = weights->quantization.params;
  if (!affine) return kTfLiteError;
  const int has_bias = node->inputs->size > 2 && node->inputs->data[2] >= 0;
  s->memory = calloc((size_t)channels, sizeof(int32_t) * 2 + 1);
  int32_t *bias = s->memory, *multipliers = bias + channels;
  int8_t *shifts = (int8_t *)(multipliers + channels);
  if (has_bias) memcpy(bias, context->tensors[node->inputs->data[2]].data.i32, (size_t)channels * sizeof *bias);
  for (int channel = 0; channel < channels; channel++) {
    const float scale = affine->scale->data[affine->scale->size > 1 ? channel : 0];
    const double product = dense && affine->scale->size == 1 ? (double)(input->params.scale * scale)
                                                             : (double)input->params.scale * (double)scale;
    fixed_point(product / (double)output->params.scale, &multipliers[channel], &shifts[channel]);
  }
  s->r.bias = bias;
  s->r.multipliers = multipliers;
  s->r.shifts = shifts;
  s->zero = input->params.zero_point;
  return kTfLiteOk;
}

static int padding_before(int padding, int input, int output, int filter, int stride, int dilation)
{
  const int needed = (output - 1) * stride + (filter - 1) * dilation + 1 - input;
  return padding == PADDING_SAME && needed > 0 ? needed / 2 : 0;
}

static void window(mw_geometry *g, int padding, int stride_h, int stride_w, int dilation_h, int dilation_w)
{
  g->stride_height = stride_h;
  g->stride_width = stride_w;
  g->dilation_height = dilation_h;
  g->dilation_width = dilation_w;
  g->pad_top = padding_before(padding, g->input_height, g->output_height, g->filter_height, stride_h, dilation_h);
  g->pad_left = padding_before(padding, g->input_width, g->output_width, g->filter_width, stride_w, dilation_w);
}

static void image(mw_geometry *g, const TfLiteTensor *input, const TfLiteTensor *weights, const TfLiteTensor *output)
{
  g->batches = input->dims->data[0];
  g->input_height = input->dims->data[1];
  g->input_width = input->dims->data[2];
  g->input_channels = input->dims->data[3];
  g->output_height = output->dims->data[1];
  g->output_width = output->dims->data[2];
  g->output_channels = output->dims->data[3];
  g->filter_height = weights->dims->data[1];
  g->filter_width = weights->dims->data[2];
}

/* A fully connected layer is a 1x1 convolution of `batches` pixels. */
static void dense_image(mw_geometry *g, const TfLiteTensor *input, const TfLiteTensor *weights)
{
  const int depth = weights->dims->data[1];
  const mw_geometry flat = {.batches = (int32_t)input->bytes / depth,
                            .input_height = 1, .input_width = 1, .input_channels = depth,
                            .output_height = 1, .output_width = 1, .output_channels = weights->dims->data[0],
                            .filter_height = 1, .filter_width = 1, .stride_height = 1, .stride_width = 1,
                            .dilation_height = 1, .dilation_width = 1};
  *g = flat;
}

static TfLiteStatus make_step(TfLiteContext *context, int index, step *s)
{
  TfLiteNode *node;
  TfLiteRegistration *registration;
  if (context->GetNodeAndRegistration(context, index, &node, &registration) != kTfLiteOk) return kTfLiteError;
  s->code = registration->builtin_code;
  s->input = node->inputs->data[0];
  s->output = node->outputs->data[0];
  if (s->code == RESHAPE) return kTfLiteOk;
  s->weights = node->inputs->data[1];
  const TfLiteTensor *input = &context->tensors[s->input], *output = &context->tensors[s->output];
  const TfLiteTensor *weights = &context->tensors[s->weights];
  int activation = ACTIVATION_NONE;
  if (s->code == FULLY_CONNECTED) {
    activation = ((const dense_options *)node->builtin_data)->activation;
    dense_image(&s->g, input, weights);
  } else {
    image(&s->g, input, weights, output);
    if (s->code == CONV_2D) {
      const conv_options *o = node->builtin_data;
      activation = o->activation;
      window(&s->g, o->padding, o->stride_height, o->stride_width, o->dilation_height, o->dilation_width);
    } else {
      const depthwise_options *o = node->builtin_data;
      activation = o->activation;
      window(&s->g, o->padding, o->stride_height, o->stride_width, o->dilation_height, o->dilation_width);
    }
  }
  activation_range(activation, output, &s->r);
  return requantize(context, node, s->g.output_channels, s->code == FULLY_CONNECTED, s);
}

static void *kernel_init(TfLiteContext *context, const char *buffer, size_t length)
{
  (void)length;
  const TfLiteDelegateParams *params = (const TfLiteDelegateParams *)(const void *)buffer;
  kernel *k = calloc(1, sizeof *k);
  k->owner = (const delegate *)params->delegate->data_;
  k->count = params->nodes_to_replace->size;
  k->steps = calloc((size_t)k->count, sizeof *k->steps);
  for (int i = 0; i < k->count; i++) {
    step *s = &k->steps[i];
    if (make_step(context, params->nodes_to_replace->data[i], s) != kTfLiteOk) k->failed = 1;
    int leaves = 0;
    for (int j = 0; j < params->output_tensors->size; j++) leaves |= params->output_tensors->data[j] == s->output;
    if (!leaves) s->inside = malloc(context->tensors[s->output].bytes);
  }
  return k;
}

/* Where a tensor lies: in the interpreter's arena, or in this kernel. */
static int8_t *data_of(const TfLiteContext *context, const kernel *k, int tensor)
{
  for (int i = 0; i < k->count; i++)
    if (k->steps[i].output == tensor && k->steps[i].inside) return k->steps[i].inside;
  return context->tensors[tensor].data.int8;
}

static void kernel_free(TfLiteContext *context, void *buffer)
{
  (void)context;
  kernel *k = buffer;
  for (int i = 0; i < k->count; i++) {
    free(k->steps[i].memory);
    free(k->steps[i].inside);
  }
  free(k->steps);
  free(k);
}

static TfLiteStatus kernel_prepare(TfLiteContext *context, TfLiteNode *node)
{
  const kernel *k = node->user_data;
  if (!k->failed && strcmp(k->owner->fail, "prepare") != 0) return kTfLiteOk;
  context->ReportError(context, "the test delegate cannot prepare its nodes");
  return kTfLiteError;
}

static TfLiteStatus kernel_invoke(TfLiteContext *context, TfLiteNode *node)
{
  const kernel *k = node->user_data;
  if (strcmp(k->owner->fail, "crash") == 0) abort();
  if (strcmp(k->owner->fail, "invoke") == 0) {
    context->ReportError(context, "the test delegate stops here");
    return kTfLiteError;
  }
  invocations++;
  for (int i = 0; i < k->count; i++) {
    const step *s = &k->steps[i];
    const int8_t *input = data_of(context, k, s->input);
    int8_t *output = data_of(context, k, s->output);
    if (s->code == RESHAPE) {
      memmove(output, input, context->tensors[s->input].bytes);
      continue;
    }
    const int8_t *weights = context->tensors[s->weights].data.int8;
    if (s->code == DEPTHWISE_CONV_2D)
      mw_depthwise_conv_s8(input, output, &s->g, weights, s->zero, &s->r);
    else
      mw_conv_s8(input, output, &s->g, weights, s->zero, &s->r);
  }
  return kTfLiteOk;
}

static TfLiteStatus prepare(TfLiteContext *context, TfLiteDelegate *base)
{
  const delegate *self = base->data_;
  TfLiteIntArray *plan;
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteError;
  TfLiteIntArray *nodes = malloc(sizeof *nodes + (size_t)plan->size * sizeof(int));
  nodes->size = 0;
  for (int i = 0; i < plan->size && nodes->size < self->most; i++)
    if (is_claimable(self, context, plan->data[i])) nodes->data[nodes->size++] = plan->data[i];
  claimed_count = nodes->size < 1024 ? nodes->size : 1024;
  memcpy(claimed, nodes->data, (size_t)claimed_count * sizeof(int));
  const TfLiteRegistration registration = {.init = kernel_init,
                                           .free = kernel_free,
                                           .prepare = kernel_prepare,
                                           .invoke = kernel_invoke,
                                           .custom_name = "MilliwattTestDelegate",
                                           .version = 1};
  const TfLiteStatus status = context->ReplaceNodeSubsetsWithDelegateKernels(context, registration, nodes, base);
  free(nodes);
  return status;
}

TfLiteDelegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *))
{
  delegate *self = calloc(1, sizeof *self);
  self->most = 1 << 30;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(keys[i], "ops") == 0) snprintf(self->ops, sizeof self->ops, "%s", values[i]);
    else if (strcmp(keys[i], "fail") == 0) snprintf(self->fail, sizeof self->fail, "%s", values[i]);
    else if (strcmp(keys[i], "most") == 0) self->most = atoi(values[i]);
    else {
      if (report) report("the test delegate has no such option");
      free(self);
      return NULL;
    }
  }
  if (strcmp(self->fail, "create") == 0) {
    if (report) report("the test delegate finds no hardware");
    free(self);
    return NULL;
  }
  self->base.data_ = self;
  self->base.Prepare = prepare;
  return &self->base;
}

void tflite_plugin_destroy_delegate(TfLiteDelegate *base) { free(base->data_); }
