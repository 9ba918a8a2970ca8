/* A picture as SVG, for screens and paper, light and dark; and as Mermaid. */
#include <cjson/cJSON.h>
#include <string.h>

#include "cli/picture.h"

static const double track = 9, label_band = 20, line_height = 16;

static void put_text(FILE *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        switch (*at) {
        case '&': (void)fputs("&amp;", out); break;
        case '<': (void)fputs("&lt;", out); break;
        case '>': (void)fputs("&gt;", out); break;
        case '"': (void)fputs("&quot;", out); break;
        default: (void)fputc(*at < 0x20 ? ' ' : *at, out); break;
        }
    }
}

/* --- What is laid over it --- */

static bool is_in(const cJSON *passed, const char *kind, const char *name)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(passed, kind);
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(list, name));
}

/* Any of the moments that share a line. */
static bool is_passed(const cJSON *passed, const char *moments)
{
    char one[PICTURE_LINE];
    while (*moments != '\0') {
        size_t size = strcspn(moments, " ");
        (void)snprintf(one, sizeof one, "%.*s", (int)size, moments);
        if (is_in(passed, "outcomes", one)) {
            return true;
        }
        moments += size + (moments[size] == ' ');
    }
    return false;
}

static const char *mark_of_vertex(const picture_vertex *v, const picture_overlay *overlay)
{
    if (overlay == NULL || overlay->passed == NULL || v->kind == PICTURE_JOIN) {
        return "";
    }
    char end[PICTURE_LINE + 8];
    (void)snprintf(end, sizeof end, "%s ends", v->id);
    bool passed = v->kind == PICTURE_CLOCK ? is_in(overlay->passed, "clocks", end)
                                           : is_in(overlay->passed, "steps", v->id);
    return overlay->path ? (passed ? " on" : "") : passed ? "" : " missed";
}

static const char *mark_of_edge(const picture *p, const picture_edge *e,
                                const picture_overlay *overlay)
{
    if (overlay == NULL || overlay->passed == NULL) {
        return "";
    }
    if (p->vertices[e->from].kind == PICTURE_CLOCK) {
        return mark_of_vertex(&p->vertices[e->from], overlay);
    }
    bool by_itself = e->moment[0] == '\0'; /* into a branch, or out of it */
    bool passed = by_itself ? is_in(overlay->passed, "steps", p->vertices[e->from].id) &&
                                  is_in(overlay->passed, "steps", p->vertices[e->to].id)
                            : is_passed(overlay->passed, e->moment);
    return overlay->path ? (passed ? " on" : "") : passed || by_itself ? "" : " missed";
}

/* What no box and no line can show: the end of its name in what was counted, and how an official
 * reads it after what stands before that end. */
static const struct {
    const char *kind, *end, *words;
} unshown[] = {
    {"guards", " holds", " : condition jamais remplie"},
    {"guards", " does not hold", " : condition toujours remplie"},
    {"rules", " otherwise", " : toujours une règle de la table"},
    {"clocks", " is stopped", " : délai jamais arrêté avant son terme"},
};

/* False: it is drawn where it stands. */
static bool missed_words(char out[2 * PICTURE_LINE], const char *kind, const char *name)
{
    size_t size = strlen(name);
    const char *rule = strcmp(kind, "rules") == 0 ? strstr(name, " rule ") : NULL;
    if (rule != NULL) {
        (void)snprintf(out, 2 * PICTURE_LINE, "%.*s : règle %s jamais appliquée",
                       (int)(rule - name), name, rule + sizeof " rule " - 1);
        return true;
    }
    for (size_t i = 0; i < sizeof unshown / sizeof *unshown; i++) {
        size_t end = strlen(unshown[i].end);
        if (strcmp(kind, unshown[i].kind) == 0 && size > end &&
            strcmp(name + size - end, unshown[i].end) == 0) {
            (void)snprintf(out, 2 * PICTURE_LINE, "%.*s%s", (int)(size - end), name,
                           unshown[i].words);
            return true;
        }
    }
    return false;
}

/* The guards, rules and clocks that no scenario passed through, line by line, under a heading; the
 * caller deletes it. */
static cJSON *missed_lines(const picture_overlay *overlay)
{
    static const char *const kinds[] = {"guards", "rules", "clocks"};
    cJSON *lines = cJSON_CreateArray();
    for (size_t i = 0; overlay != NULL && !overlay->path && i < sizeof kinds / sizeof *kinds; i++) {
        const cJSON *one;
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(overlay->passed, kinds[i]))
        {
            char text[2 * PICTURE_LINE] = "";
            if (cJSON_IsFalse(one) && missed_words(text, kinds[i], one->string)) {
                cJSON_AddItemToArray(lines, cJSON_CreateString(text));
            }
        }
    }
    if (cJSON_GetArraySize(lines) > 0) {
        cJSON_InsertItemInArray(lines, 0, cJSON_CreateString("Aucun scénario ne passe par :"));
    }
    return lines;
}

static const double foot_margin = 16;

/* Room below the lanes for these lines. */
static void make_room(const cJSON *lines, double *width, double *height)
{
    const cJSON *line;
    cJSON_ArrayForEach(line, lines)
    {
        double reach = 2 * foot_margin + picture_text_width(line->valuestring);
        *width = reach > *width ? reach : *width;
        *height += line_height + (line->next == NULL ? foot_margin : 0);
    }
}

static void write_missed(FILE *out, const picture *p, const cJSON *lines)
{
    const cJSON *line;
    double y = p->height + 4;
    cJSON_ArrayForEach(line, lines)
    {
        y += line_height;
        (void)fprintf(out, "<text class=\"label missed\" x=\"%.1f\" y=\"%.1f\">", foot_margin, y);
        put_text(out, line->valuestring);
        (void)fputs("</text>\n", out);
    }
}

/* --- Boxes --- */

static const char *const classes[] = {
    [PICTURE_TASK] = "task",     [PICTURE_FILING] = "filing",   [PICTURE_BOARD] = "board",
    [PICTURE_LETTER] = "letter", [PICTURE_PAYMENT] = "payment", [PICTURE_CHOICE] = "choice",
    [PICTURE_WAIT] = "wait",     [PICTURE_CALL] = "call",       [PICTURE_BLOCK] = "block",
    [PICTURE_JOIN] = "join",     [PICTURE_CLOCK] = "clock",     [PICTURE_END] = "end",
};

static const char board_sign[] = "M4 3a2 2 0 1 0 .01 0zM12 3a2 2 0 1 0 .01 0zM8 1a2 2 0 1 0 .01 0z"
                                 "M1 14c0-3 1-5 3-5M15 14c0-3-1-5-3-5M4 15c0-4 1.5-7 4-7s4 3 4 7z";

/* Signs of 16 by 16, drawn from their upper left corner. */
static const char *const signs[] = {
    [PICTURE_TASK] = "M8 1a3.2 3.2 0 1 0 .01 0zM2 15c0-4 2.5-6 6-6s6 2 6 6",
    [PICTURE_FILING] = "M3 1h7l3 3v11H3zM10 1v3h3M5 8h6M5 11h6",
    [PICTURE_BOARD] = board_sign,
    [PICTURE_LETTER] = "M1 3h14v10H1zM1 3l7 6 7-6",
    [PICTURE_PAYMENT] = "M13 3.500A6 6 0 1 0 13 12.500M1 6.500h8M1 9.500h8",
    [PICTURE_CHOICE] = "M8 1l7 7-7 7-7-7z",
    [PICTURE_WAIT] = "M3 1h10M3 15h10M4 1c0 5 4 5 4 7s-4 2-4 7M12 1c0 5-4 5-4 7s4 2 4 7",
    [PICTURE_CALL] = "M1 8h9M7 5l3 3-3 3M12 2h3v12h-3",
    [PICTURE_BLOCK] = "M8 1v4M8 5H3v9M8 5h5v9",
    [PICTURE_JOIN] = "M3 1v7h10V1M8 8v7",
    [PICTURE_CLOCK] = "M8 1a7 7 0 1 0 .01 0zM8 4v4l3 2",
    [PICTURE_END] = "M3 3h10v10H3z",
};

static void write_box(FILE *out, const picture_vertex *v, const char *mark)
{
    double radius = v->kind == PICTURE_END || v->kind == PICTURE_CLOCK ? v->height / 2 : 6;
    (void)fprintf(out, "<g class=\"%s%s\"><title>", classes[v->kind], mark);
    put_text(out, v->id);
    (void)fprintf(out,
                  "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"/>"
                  "<path class=\"sign\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
                  v->x, v->y, v->width, v->height, radius, v->x + 10, v->y + v->height / 2 - 8,
                  signs[v->kind]);
    double middle = v->x + v->width / 2 + 12;
    double y = v->y + v->height / 2 - line_height * (v->line_count - 1) / 2 + 4;
    for (int i = 0; i < v->line_count; i++) {
        (void)fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">", middle, y + line_height * i);
        put_text(out, v->lines[i]);
        (void)fputs("</text>", out);
    }
    (void)fputs("</g>\n", out);
}

/* --- Lines --- */

/* The height of a track in the channel below a row; 0 is above the first one. */
static double track_y(const picture *p, int channel, int at)
{
    const double head = 44;
    return channel == 0 ? head + track * (at + 0.5)
                        : p->row_y[channel - 1] + p->row_height[channel - 1] + label_band +
                              track * (at + 0.5);
}

static void write_line(FILE *out, const picture *p, const picture_edge *e, const char *mark)
{
    const picture_vertex *from = &p->vertices[e->from], *to = &p->vertices[e->to];
    double begin = from->y + from->height, end = to->y - 1;
    (void)fprintf(out, "<path class=\"way%s%s\" d=\"M%.1f %.1f", e->dashed ? " time" : "", mark,
                  e->from_x, begin);
    if (e->gutter < 0) {
        double y = track_y(p, from->row + 1, e->from_track);
        if (e->from_x != e->to_x) {
            (void)fprintf(out, "V%.1fH%.1f", y, e->to_x);
        }
    } else {
        double x = p->gutter_x[e->gutter] + track * (e->gutter_track + 0.5) + 3;
        (void)fprintf(out, "V%.1fH%.1fV%.1fH%.1f", track_y(p, from->row + 1, e->from_track), x,
                      track_y(p, to->row, e->to_track), e->to_x);
    }
    (void)fprintf(out, "V%.1f\" marker-end=\"url(#%s)\"/>\n", end - 4,
                  strcmp(mark, " on") == 0       ? "head-on"
                  : strcmp(mark, " missed") == 0 ? "head-missed"
                                                 : "head");
    if (e->label[0] != '\0') {
        (void)fprintf(out, "<text class=\"label%s\" x=\"%.1f\" y=\"%.1f\">", mark, e->from_x + 4,
                      begin + 13);
        put_text(out, e->label);
        (void)fputs("</text>\n", out);
    }
}

/* --- The whole --- */

static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;background:#fff}\n"
    "text{font-size:12px;fill:#1c2127;text-anchor:middle}\n"
    ".paper{fill:#fff}.lane{fill:#f5f6f8}.lane.odd{fill:#fbfbfc}\n"
    ".head{font-size:13px;font-weight:600}.title{font-size:16px;font-weight:600;"
    "text-anchor:start}\n"
    ".label{font-size:11px;text-anchor:start;fill:#454c55}\n"
    "rect{fill:#fff;stroke:#59636e;stroke-width:1.200}.lane,.paper{stroke:none}\n"
    ".sign{fill:none;stroke:#59636e;stroke-width:1.300}\n"
    ".filing rect{fill:#e8f1fd}.task rect{fill:#fff}.board rect{fill:#f1e9fb}\n"
    ".letter rect{fill:#fdf6e3}.payment rect{fill:#e5f5ea}.choice rect{fill:#f0f1f3}\n"
    ".clock rect{fill:#fdecea;stroke-dasharray:5 3}.wait rect{fill:#f7f7f7}\n"
    ".end rect{stroke-width:2.500}.join rect,.block rect{fill:#eceff3}\n"
    ".way{fill:none;stroke:#59636e;stroke-width:1.200}.time{stroke-dasharray:5 3}\n"
    "g.on rect,path.on{stroke:#c2410c;stroke-width:3}\n"
    "text.label.on{fill:#c2410c;font-weight:600}\n"
    "g.missed rect,path.missed{stroke:#c2410c;stroke-dasharray:2 3;stroke-width:1.800}\n"
    "text.label.missed{fill:#c2410c}.arrow{fill:#59636e}.arrow-on{fill:#c2410c}\n"
    "@media (prefers-color-scheme:dark){@media screen{\n"
    "svg{background:#15181c}.paper{fill:#15181c}text{fill:#e8eaed}.label{fill:#b6bec8}\n"
    ".lane{fill:#1b1f25}.lane.odd{fill:#181b20}rect{fill:#22272e;stroke:#8b95a1}\n"
    ".lane,.paper{stroke:none}.sign,.way{stroke:#8b95a1}.arrow{fill:#8b95a1}\n"
    ".filing rect{fill:#1d2f47}.task rect{fill:#22272e}.board rect{fill:#33264a}\n"
    ".letter rect{fill:#3a3320}.payment rect{fill:#1c3a28}.choice rect{fill:#2a2f36}\n"
    ".clock rect{fill:#40211f}.wait rect{fill:#262b32}.join rect,.block rect{fill:#2a3038}\n"
    "g.on rect,path.on,g.missed rect,path.missed{stroke:#fb923c}\n"
    "text.label.on,text.label.missed{fill:#fb923c}.arrow-on{fill:#fb923c}\n"
    "}}\n"
    "</style>\n";

static void write_head(FILE *out, const picture *p, double width, double height)
{
    const double title = 40;
    const char *name = cli_words(p->plan, "title");
    (void)fprintf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 %.0f %.0f %.0f\" "
                  "width=\"%.0f\" height=\"%.0f\" role=\"img\">\n<title>",
                  -title, width, height + title, width, height + title);
    put_text(out, name);
    (void)fputs("</title>\n", out);
    (void)fputs(style, out);
    static const char *const heads[][2] = {
        {"head", "arrow"}, {"head-on", "arrow-on"}, {"head-missed", "arrow-on"}};
    (void)fputs("<defs>", out);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        (void)fprintf(out,
                      "<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"3\" refY=\"4\" "
                      "markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" "
                      "orient=\"auto\"><path class=\"%s\" d=\"M0 0L8 4L0 8z\"/></marker>",
                      heads[i][0], heads[i][1]);
    }
    (void)fprintf(out,
                  "</defs>\n<rect class=\"paper\" x=\"0\" y=\"%.0f\" width=\"%.0f\" "
                  "height=\"%.0f\"/>\n<text class=\"title\" x=\"16\" y=\"-14\">",
                  -title, width, height + title);
    put_text(out, name);
    (void)fputs("</text>\n", out);
    for (int i = 0; i < p->lane_count; i++) {
        (void)fprintf(out,
                      "<rect class=\"lane%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%.1f\"/>"
                      "<text class=\"head\" x=\"%.1f\" y=\"24\">",
                      i % 2 != 0 ? " odd" : "", p->lane_x[i], p->lane_width[i], p->height,
                      p->lane_x[i] + p->lane_width[i] / 2);
        put_text(out, p->lanes[i]);
        (void)fputs("</text>\n", out);
    }
}

bool picture_write_svg(FILE *out, const cJSON *plan, const picture_overlay *overlay)
{
    picture p;
    bool good = picture_read(&p, plan) && picture_lay_out(&p);
    if (good) {
        double width = p.width, height = p.height;
        cJSON *missed = missed_lines(overlay);
        make_room(missed, &width, &height);
        write_head(out, &p, width, height);
        for (int i = 0; i < p.edge_count; i++) {
            write_line(out, &p, &p.edges[i], mark_of_edge(&p, &p.edges[i], overlay));
        }
        for (int i = 0; i < p.vertex_count; i++) {
            write_box(out, &p.vertices[i], mark_of_vertex(&p.vertices[i], overlay));
        }
        write_missed(out, &p, missed);
        cJSON_Delete(missed);
        (void)fputs("</svg>\n", out);
    }
    picture_free(&p);
    return good;
}

/* --- Mermaid --- */

/* Quotes and brackets end a text there. */
static void put_mermaid(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("\"[]{}()<>|#;", *at) != NULL) {
            (void)fprintf(out, "#%d;", (unsigned char)*at);
        } else {
            (void)fputc(*at, out);
        }
    }
}

bool picture_write_mermaid(FILE *out, const cJSON *plan)
{
    picture p;
    bool good = picture_read(&p, plan);
    (void)fputs(good ? "flowchart TD\n" : "", out);
    for (int lane = 0; good && lane < p.lane_count; lane++) {
        (void)fprintf(out, "  subgraph l%d[\"", lane);
        put_mermaid(out, p.lanes[lane]);
        (void)fputs("\"]\n", out);
        for (int i = 0; i < p.vertex_count; i++) {
            const picture_vertex *v = &p.vertices[i];
            if (v->lane != lane) {
                continue;
            }
            (void)fprintf(out, "    v%d%s\"", i, v->kind == PICTURE_END ? "([" : "[");
            for (int j = 0; j < v->line_count; j++) {
                (void)fputs(j > 0 ? " " : "", out);
                put_mermaid(out, v->lines[j]);
            }
            (void)fputs(v->kind == PICTURE_END ? "\"])\n" : "\"]\n", out);
        }
        (void)fputs("  end\n", out);
    }
    for (int i = 0; good && i < p.edge_count; i++) {
        const picture_edge *e = &p.edges[i];
        (void)fprintf(out, "  v%d %s", e->from, e->dashed ? "-.->" : "-->");
        if (e->label[0] != '\0') {
            (void)fputs("|\"", out);
            put_mermaid(out, e->label);
            (void)fputs("\"|", out);
        }
        (void)fprintf(out, " v%d\n", e->to);
    }
    picture_free(&p);
    return good;
}
