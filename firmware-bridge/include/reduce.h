/* What a reduction computes. */
#ifndef MILLIWATT_REDUCE_H
#define MILLIWATT_REDUCE_H

#include "nest.h"

typedef enum { MW_REDUCE_MEAN, MW_REDUCE_SUM, MW_REDUCE_MAX, MW_REDUCE_MIN } mw_reduction;

/* The axes that stay and those that go. */
typedef struct {
  mw_reduction mode;
  const mw_extent *kept, *reduced;
  int32_t kept_axes, reduced_axes;
  int32_t outputs, elements;
} mw_reduce;

#endif
