/* SVG by hand: a few lines need no library. */
#include "check_plot.h"

#include <math.h>
#include <stdio.h>

enum { left = 60, top = 20, width = 560, height = 400, bottom = top + height, legend = 140 };
static const char *const colours[] = {"#1b4f9c", "#c0392b", "#1e8449", "#7f8c8d"};

/* Powers of ten at the sides of the picture. */
typedef struct frame {
    double low_x, high_x, low_y, high_y;
} frame;

static double at_x(const frame *f, double value)
{
    return left + width * (log10(value) - f->low_x) / (f->high_x - f->low_x);
}

static double at_y(const frame *f, double value)
{
    return bottom - height * (log10(value) - f->low_y) / (f->high_y - f->low_y);
}

static frame frame_of(const double *steps, uint32_t points, const plot_line *lines, uint32_t count)
{
    double least = lines[0].ms[0], most = least;
    for (uint32_t i = 0; i < count * points; i++) {
        double ms = lines[i / points].ms[i % points];
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    return (frame){floor(log10(steps[0])), ceil(log10(steps[points - 1])), floor(log10(least)),
                   ceil(log10(most) + 0.001)};
}

static void draw_axes(FILE *out, const frame *f)
{
    for (double x = f->low_x; x <= f->high_x; x++) {
        double at = at_x(f, pow(10, x));
        (void)fprintf(out,
                      "<path d=\"M%.1f %dV%d\" stroke=\"#ddd\"/>"
                      "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                      at, top, bottom, at, bottom + 18, pow(10, x));
    }
    for (double y = f->low_y; y <= f->high_y; y++) {
        double at = at_y(f, pow(10, y));
        (void)fprintf(out,
                      "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                      left, at, left + width, left - 6, at + 4, pow(10, y));
    }
    (void)fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">steps</text>\n",
                  left + width / 2, bottom + 36);
    (void)fprintf(out, "<text x=\"%d\" y=\"%d\">ms</text>\n", 8, top + 4);
}

static void draw_line(FILE *out, const frame *f, const double *steps, uint32_t points,
                      const plot_line *line, uint32_t which)
{
    const char *colour = colours[which % (sizeof colours / sizeof *colours)];
    (void)fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
                  colour);
    for (uint32_t i = 0; i < points; i++) {
        (void)fprintf(out, "%.1f,%.1f ", at_x(f, steps[i]), at_y(f, line->ms[i]));
    }
    (void)fprintf(out, "\"/>\n");
    for (uint32_t i = 0; i < points; i++) {
        (void)fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
                      at_x(f, steps[i]), at_y(f, line->ms[i]), colour);
    }
    (void)fprintf(out, "\n<text x=\"%d\" y=\"%.1f\" fill=\"%s\">%s</text>\n", left + width + 8,
                  at_y(f, line->ms[points - 1]) + 4, colour, line->name);
}

bool plot_write(const char *path, const double *steps, uint32_t points, const plot_line *lines,
                uint32_t count)
{
    FILE *out = points > 1 && count > 0 ? fopen(path, "w") : NULL;
    if (out == NULL) {
        return false;
    }
    const frame f = frame_of(steps, points, lines, count);
    double rise = steps[points - 1] / steps[0];
    (void)fprintf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "font-family=\"sans-serif\" font-size=\"12\">\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                  left + width + legend, bottom + 50);
    draw_axes(out, &f);
    (void)fprintf(out,
                  "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#888\" stroke-dasharray=\"5 4\"/>\n",
                  at_x(&f, steps[0]), at_y(&f, lines[0].ms[0]), at_x(&f, steps[points - 1]),
                  at_y(&f, lines[0].ms[0] * rise));
    for (uint32_t i = 0; i < count; i++) {
        draw_line(out, &f, steps, points, &lines[i], i);
    }
    (void)fprintf(out, "</svg>\n");
    bool good = ferror(out) == 0;
    return fclose(out) == 0 && good;
}
