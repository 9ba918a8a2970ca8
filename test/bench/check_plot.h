/* Times over sizes as a picture. */
#ifndef CHECK_PLOT_H
#define CHECK_PLOT_H

#include <stdbool.h>
#include <stdint.h>

enum { most_points = 16 };

typedef struct plot_line {
    const char *name;
    double ms[most_points];
} plot_line;

/* Writes an SVG: steps to the right, milliseconds upwards, both by powers of ten, so that what is
 * linear climbs as the dashed line does, which begins with the first of the lines. */
bool plot_write(const char *path, const double *steps, uint32_t points, const plot_line *lines,
                uint32_t count);

#endif
