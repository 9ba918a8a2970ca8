/* Where everything stands: a row and a lane for each vertex, a port at either end of each line, and
 * a track of its own for each part of it. */
#include <stdlib.h>
#include <string.h>

#include "cli/picture.h"

static const double line_height = 16, padding = 12, track = 9, lane_margin = 14, label_band = 20,
                    arrow_band = 16, head_height = 44, least_width = 120;

/* --- Rows --- */

typedef struct ranking {
    picture *p;
    int *state; /* of each vertex: 0 not seen, 1 on the way, 2 done */
    int *order; /* the last done first */
    int count;
} ranking;

/* A way back leads to what is on the way. Depth is bounded by the number of steps in a procedure
 * (5,000); a step's ways are looked at in the order of the file. */
static void visit(ranking *r, int root)
{
    int *stack = malloc(2 * ((size_t)r->p->vertex_count + 1) * sizeof *stack);
    int depth = 0;
    if (stack == NULL) {
        return;
    }
    stack[0] = root;
    stack[1] = 0;
    r->state[root] = 1;
    while (depth >= 0) {
        int at = stack[2 * depth], next = stack[2 * depth + 1];
        while (next < r->p->edge_count &&
               (r->p->edges[next].from != at || r->state[r->p->edges[next].to] != 0)) {
            next += 1;
        }
        stack[2 * depth + 1] = next + 1;
        if (next == r->p->edge_count) {
            r->state[at] = 2;
            r->order[r->count++] = at;
            depth -= 1;
            continue;
        }
        depth += 1;
        stack[2 * depth] = r->p->edges[next].to;
        stack[2 * depth + 1] = 0;
        r->state[r->p->edges[next].to] = 1;
    }
    free(stack);
}

/* Each vertex stands below those that lead to it, but for ways back, and no two in one place. */
static void set_rows(picture *p, const ranking *r)
{
    int *place = r->state; /* of each vertex: its place in the order */
    for (int i = 0; i < r->count; i++) {
        place[r->order[i]] = r->count - i;
    }
    for (int i = r->count - 1; i >= 0; i--) {
        picture_vertex *v = &p->vertices[r->order[i]];
        v->row = v->kind == PICTURE_CLOCK ? 1 : 0;
        for (int j = 0; j < p->edge_count; j++) {
            const picture_edge *e = &p->edges[j];
            bool forward = place[e->from] < place[e->to];
            if (e->to == r->order[i] && e->from != e->to && forward &&
                p->vertices[e->from].row >= v->row) {
                v->row = p->vertices[e->from].row + 1;
            }
        }
        for (bool again = true; again;) {
            again = false;
            for (int j = 0; j < p->vertex_count; j++) {
                const picture_vertex *other = &p->vertices[j];
                if (other->placed && other->lane == v->lane && other->row == v->row) {
                    v->row += 1;
                    again = true;
                }
            }
        }
        v->placed = true;
        p->row_count = v->row >= p->row_count ? v->row + 1 : p->row_count;
    }
}

static bool rank(picture *p)
{
    ranking r = {.p = p,
                 .state = calloc((size_t)p->vertex_count + 1, sizeof *r.state),
                 .order = calloc((size_t)p->vertex_count + 1, sizeof *r.order)};
    bool good = r.state != NULL && r.order != NULL;
    for (int i = p->vertex_count - 1; good && i >= 0; i--) { /* the first step's ways come first */
        int root = i;
        bool entered = false;
        for (int j = 0; j < p->edge_count; j++) {
            entered = entered || (p->edges[j].to == root && p->edges[j].from != root);
        }
        if (r.state[root] == 0 && !entered) {
            visit(&r, root);
        }
    }
    for (int i = 0; good && i < p->vertex_count; i++) {
        if (r.state[i] == 0) {
            visit(&r, i);
        }
    }
    if (good) {
        set_rows(p, &r);
    }
    free(r.state);
    free(r.order);
    return good;
}

/* --- Sizes --- */

static double label_room(const picture_edge *e)
{
    return e->label[0] != '\0' ? picture_text_width(e->label) * 11 / 12 + 14 : 16;
}

/* A box is as wide as its title, and as the words of its ways beside each other. */
static void measure(picture *p)
{
    for (int i = 0; i < p->vertex_count; i++) {
        picture_vertex *v = &p->vertices[i];
        double title = 0, ways = 20;
        for (int j = 0; j < v->line_count; j++) {
            double width = picture_text_width(v->lines[j]);
            title = width > title ? width : title;
        }
        for (int j = 0; j < p->edge_count; j++) {
            ways += p->edges[j].from == i ? label_room(&p->edges[j]) : 0;
            v->outs += p->edges[j].from == i;
            v->ins += p->edges[j].to == i;
        }
        ways = v->outs == 1 ? 2 * ways - 20 : ways; /* one that is alone stands in the middle */
        title += 2 * padding + 24;                  /* its sign */
        double entries = 24 + 10.0 * v->ins;
        v->width = title > least_width ? title : least_width;
        v->width = ways > v->width ? ways : v->width;
        v->width = entries > v->width ? entries : v->width;
        v->height = 2 * padding + line_height * (v->line_count > 0 ? v->line_count : 1) - 4;
    }
}

/* --- Lines --- */

/* Ways out stand side by side under the box, in the order of the file. */
static void set_ports(picture *p)
{
    for (int i = 0; i < p->vertex_count; i++) {
        picture_vertex *v = &p->vertices[i];
        double room = 0, x;
        for (int j = 0; j < p->edge_count; j++) {
            room += p->edges[j].from == i ? label_room(&p->edges[j]) : 0;
        }
        x = v->x + (v->width - room) / 2;
        for (int j = 0; j < p->edge_count; j++) {
            if (p->edges[j].from == i) {
                p->edges[j].from_x = v->outs == 1 ? v->x + v->width / 2 : x + 5;
                x += label_room(&p->edges[j]);
            }
        }
    }
}

static bool goes_straight(const picture *p, const picture_edge *e)
{
    const picture_vertex *from = &p->vertices[e->from], *to = &p->vertices[e->to];
    return to->row == from->row + 1 && to->lane == from->lane && e->from_x > to->x + 10 &&
           e->from_x < to->x + to->width - 10;
}

/* Whether a line of the box above comes down so near that the two would be one. */
static bool is_taken(const picture *p, const picture_edge *own, int edge, double x)
{
    const picture_vertex *to = &p->vertices[own->to];
    for (int j = 0; j < p->edge_count; j++) {
        const picture_edge *e = &p->edges[j];
        const picture_vertex *from = &p->vertices[e->from], *into = &p->vertices[e->to];
        bool out = j != edge && from->lane == to->lane && from->row + 1 == to->row;
        bool in = j < edge && into == to;
        if ((out && x - e->from_x < 6 && e->from_x - x < 6) ||
            (in && x - e->to_x < 6 && e->to_x - x < 6)) {
            return true;
        }
    }
    return false;
}

/* Lines come in from above, each at a place of its own; one from right above comes straight. */
static void set_entries(picture *p)
{
    for (int j = 0; j < p->edge_count; j++) {
        picture_edge *e = &p->edges[j];
        e->to_x = goes_straight(p, e) ? e->from_x : -1;
    }
    for (int j = 0; j < p->edge_count; j++) {
        picture_edge *e = &p->edges[j];
        const picture_vertex *to = &p->vertices[e->to];
        if (e->to_x >= 0) {
            continue;
        }
        double x = to->x + to->width / 2;
        for (int step = 1;
             step < 200 && (is_taken(p, e, j, x) || x < to->x + 6 || x > to->x + to->width - 6);
             step++) {
            x = to->x + to->width / 2 + (step % 2 == 0 ? -1 : 1) * 5.0 * ((step + 1) / 2.0);
        }
        e->to_x = x;
    }
}

/* Between two lanes beside the target's, for whatever does not lead to the next row. */
static void set_gutters(picture *p)
{
    for (int j = 0; j < p->edge_count; j++) {
        picture_edge *e = &p->edges[j];
        const picture_vertex *from = &p->vertices[e->from], *to = &p->vertices[e->to];
        if (to->row != from->row + 1) {
            bool left = to->lane > from->lane || (to->lane == from->lane && to->row <= from->row);
            e->gutter = left ? to->lane : to->lane + 1;
        }
    }
}

/* --- Tracks --- */

/* A part of a line in a channel; the first free track where it meets no other. */
typedef struct part {
    int channel;
    double from, to;
    int *track;
} part;

static int by_length(const void *a, const void *b)
{
    const part *x = a, *y = b;
    double left = x->to - x->from, right = y->to - y->from;
    return left < right ? -1 : left > right ? 1 : 0;
}

static void assign(part *parts, int count, int *tracks)
{
    qsort(parts, (size_t)count, sizeof *parts, by_length); /* short ones stay near their boxes */
    for (int i = 0; i < count; i++) {
        int at = 0;
        for (bool again = true; again;) {
            again = false;
            for (int j = 0; j < i; j++) {
                bool meets = parts[j].channel == parts[i].channel && *parts[j].track == at &&
                             parts[j].from < parts[i].to + 4 && parts[i].from < parts[j].to + 4;
                if (meets) {
                    at += 1;
                    again = true;
                }
            }
        }
        *parts[i].track = at;
        int *most = &tracks[parts[i].channel];
        *most = at + 1 > *most ? at + 1 : *most;
    }
}

static part across(int row, double a, double b, int *at)
{
    return (part){.channel = row, .from = a < b ? a : b, .to = a < b ? b : a, .track = at};
}

/* The channel of row r is below it; the first one, of number 0, is above all rows. */
static bool set_tracks(picture *p)
{
    part *parts = calloc(2 * (size_t)p->edge_count + 1, sizeof *parts);
    part *down = calloc((size_t)p->edge_count + 1, sizeof *down);
    int count = 0, downs = 0;
    if (parts == NULL || down == NULL) {
        free(parts);
        free(down);
        return false;
    }
    for (int j = 0; j < p->edge_count; j++) {
        picture_edge *e = &p->edges[j];
        int from = p->vertices[e->from].row + 1, to = p->vertices[e->to].row;
        if (e->gutter < 0) {
            if (e->from_x != e->to_x) {
                parts[count++] = across(from, e->from_x, e->to_x, &e->from_track);
            }
            continue;
        }
        double x = p->gutter_x[e->gutter];
        parts[count++] = across(from, e->from_x, x, &e->from_track);
        parts[count++] = across(to, x, e->to_x, &e->to_track);
        down[downs++] = across(e->gutter, from, to, &e->gutter_track);
    }
    assign(parts, count, p->row_tracks);
    for (int i = 0; i < downs; i++) { /* in one channel, what ends may lie below what begins */
        down[i].from = down[i].from * 100 - 30;
        down[i].to = down[i].to * 100 + 30;
    }
    assign(down, downs, p->gutter_tracks);
    free(parts);
    free(down);
    return true;
}

/* --- Places --- */

static void place_lanes(picture *p)
{
    double x = 10;
    for (int i = 0; i <= p->lane_count; i++) {
        p->gutter_x[i] = x;
        x += track * (p->gutter_tracks[i] + 1);
        if (i < p->lane_count) {
            p->lane_x[i] = x;
            x += p->lane_width[i];
        }
    }
    p->width = x + 10;
    for (int i = 0; i < p->vertex_count; i++) {
        picture_vertex *v = &p->vertices[i];
        v->x = p->lane_x[v->lane] + (p->lane_width[v->lane] - v->width) / 2;
    }
}

static void place_rows(picture *p)
{
    double y = head_height + track * p->row_tracks[0] + arrow_band;
    for (int i = 0; i < p->row_count; i++) {
        p->row_y[i] = y;
        y += p->row_height[i] + label_band + track * p->row_tracks[i + 1] + arrow_band;
    }
    p->height = y;
    for (int i = 0; i < p->vertex_count; i++) {
        p->vertices[i].y = p->row_y[p->vertices[i].row];
    }
}

static bool make_room(picture *p)
{
    size_t lanes = (size_t)p->lane_count + 2, rows = (size_t)p->row_count + 2;
    p->lane_x = calloc(lanes, sizeof *p->lane_x);
    p->lane_width = calloc(lanes, sizeof *p->lane_width);
    p->gutter_x = calloc(lanes, sizeof *p->gutter_x);
    p->gutter_tracks = calloc(lanes, sizeof *p->gutter_tracks);
    p->row_y = calloc(rows, sizeof *p->row_y);
    p->row_height = calloc(rows, sizeof *p->row_height);
    p->row_tracks = calloc(rows, sizeof *p->row_tracks);
    return p->lane_x != NULL && p->lane_width != NULL && p->gutter_x != NULL &&
           p->gutter_tracks != NULL && p->row_y != NULL && p->row_height != NULL &&
           p->row_tracks != NULL;
}

bool picture_lay_out(picture *p)
{
    if (!rank(p) || !make_room(p)) {
        return false;
    }
    measure(p);
    for (int i = 0; i < p->vertex_count; i++) {
        const picture_vertex *v = &p->vertices[i];
        double *width = &p->lane_width[v->lane], *height = &p->row_height[v->row];
        *width = v->width + 2 * lane_margin > *width ? v->width + 2 * lane_margin : *width;
        *height = v->height > *height ? v->height : *height;
    }
    for (int i = 0; i < p->lane_count; i++) {
        double head = picture_text_width(p->lanes[i]) * 13 / 12 + 2 * lane_margin;
        p->lane_width[i] = head > p->lane_width[i] ? head : p->lane_width[i];
    }
    set_gutters(p);
    for (int turn = 0; turn < 2; turn++) { /* tracks move what they are counted by */
        place_lanes(p);
        set_ports(p);
        set_entries(p);
        memset(p->gutter_tracks, 0, ((size_t)p->lane_count + 2) * sizeof *p->gutter_tracks);
        memset(p->row_tracks, 0, ((size_t)p->row_count + 2) * sizeof *p->row_tracks);
        if (!set_tracks(p)) {
            return false;
        }
    }
    place_lanes(p);
    set_ports(p);
    set_entries(p);
    place_rows(p);
    return true;
}

void picture_free(picture *p)
{
    free(p->vertices);
    free(p->edges);
    free(p->lanes);
    free(p->lane_x);
    free(p->lane_width);
    free(p->gutter_x);
    free(p->gutter_tracks);
    free(p->row_y);
    free(p->row_height);
    free(p->row_tracks);
}
