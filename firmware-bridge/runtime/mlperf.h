/* The device protocol of MLPerf Tiny: text commands that end in `%`, lines that begin with `m-` or `e-`. */
#ifndef BRIDGE_MLPERF_H
#define BRIDGE_MLPERF_H

/* Says what a device says when it starts. */
void mlperf_boot(void);

/* Takes a character. */
void mlperf_take(char character);

#endif
