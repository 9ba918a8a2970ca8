/* A procedure as a picture: who does what, in lanes, from the filing to the end. The layout is made
 * of rows and lanes with channels between them, in which every line has a track of its own: nothing
 * overlaps, whatever the procedure. */
#ifndef GREFFE_CLI_PICTURE_H
#define GREFFE_CLI_PICTURE_H

#include "cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PICTURE_MOST_LINES = 3, PICTURE_LINE = 160, PICTURE_LABEL = 96 };

typedef enum picture_kind {
    PICTURE_TASK,
    PICTURE_FILING,
    PICTURE_BOARD,
    PICTURE_LETTER,
    PICTURE_PAYMENT,
    PICTURE_CHOICE,
    PICTURE_WAIT,
    PICTURE_CALL,
    PICTURE_BLOCK,
    PICTURE_JOIN,
    PICTURE_CLOCK,
    PICTURE_END
} picture_kind;

typedef struct picture_vertex {
    char id[PICTURE_LINE]; /* of the step; of a clock its name */
    char lines[PICTURE_MOST_LINES][PICTURE_LINE];
    int line_count;
    picture_kind kind;
    int lane, row;
    int outs, ins; /* ports, at the bottom and at the top */
    double x, y, width, height;
    bool placed;
} picture_vertex;

typedef struct picture_edge {
    int from, to;
    char label[PICTURE_LABEL];
    char moment[PICTURE_LINE]; /* step.outcome */
    bool dashed;               /* by time */
    /* Ports, and the tracks in the channels that it goes through. */
    double from_x, to_x;
    int gutter; /* between lanes, or -1: the next row's */
    int from_track, to_track, gutter_track;
} picture_edge;

typedef struct picture {
    const struct cJSON *plan;
    picture_vertex *vertices;
    picture_edge *edges;
    int vertex_count, edge_count, lane_count, row_count;
    char (*lanes)[PICTURE_LINE];
    double *lane_x, *lane_width, *gutter_x; /* gutters: one before each lane, one after the last */
    double *row_y, *row_height;
    int *row_tracks, *gutter_tracks;
    double width, height;
} picture;

/* (picture_graph.c) Steps, clocks and the ways between them; false without memory. */
bool picture_read(picture *p, const struct cJSON *plan);
/* (picture_layout.c) */
bool picture_lay_out(picture *p);
void picture_free(picture *p);
/* The width of a text, in pixels at a size of 12. */
double picture_text_width(const char *text);

/* What is laid over a picture: what was passed; members of `passed` are {"steps": {id: true},
 * "outcomes": {moment: true}, "guards": …, "rules": …, "clocks": …} as of coverage, or NULL. */
typedef struct picture_overlay {
    const struct cJSON *passed;
    bool path; /* it is a way to a fault: that is shown; else what was not passed is */
} picture_overlay;
/* (picture.c) Writes it as SVG; false without memory. */
bool picture_write_svg(FILE *out, const struct cJSON *plan, const picture_overlay *overlay);
/* For whoever draws with Mermaid. */
bool picture_write_mermaid(FILE *out, const struct cJSON *plan);

#ifdef __cplusplus
}
#endif
#endif
