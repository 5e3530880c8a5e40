/* Axes of a dense array that are walked as nested loops. */
#ifndef MILLIWATT_NEST_H
#define MILLIWATT_NEST_H

#include <stdint.h>

/* A run of elements: how many, and how far apart. */
typedef struct {
  int32_t length, stride;
} mw_extent;

/* Where the element of this index lies, the last extent being the innermost. */
static inline int32_t mw_nested(const mw_extent *extents, int32_t count, int32_t index)
{
  int32_t offset = 0;
  while (count-- > 0) {
    offset += index % extents[count].length * extents[count].stride;
    index /= extents[count].length;
  }
  return offset;
}

#endif
