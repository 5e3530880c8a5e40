/* The chosen model: its inputs, its runs, its outputs. */
#ifndef BRIDGE_MODEL_H
#define BRIDGE_MODEL_H

#include "bridge.h"

enum { BRIDGE_MARK_WINDOW = 1, BRIDGE_MARK_LAYERS = 2, BRIDGE_TIME_LAYERS = 4 };

/* Makes a model the chosen one, its state as at start. */
void bridge_model_choose(uint8_t index);
uint8_t bridge_model_chosen(void);
const bridge_model *bridge_model_this(void);

/* Sets its state as at start. */
void bridge_model_reset(void);

/* Copies the inputs into the arena and runs the model once. */
void bridge_model_run(void);

/* The same, layer by layer, as the flags say; ticks of layers are added up. */
void bridge_model_run_layers(int flags);
void bridge_model_clear_ticks(void);

/* Copies from the outputs, which lie one after another; 0 where that is beyond their end. */
int bridge_model_read(uint32_t offset, uint8_t *to, size_t count);

/* Outputs as reals, one after another, or the one error; how many there are. */
uint32_t bridge_model_results(void);
double bridge_model_result(uint32_t at);

/* Turns float32 inputs of a quantised model into its own integers, in place. */
void bridge_model_quantize(void);

#endif
