/* What authors use: check, build, graph, publish. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/picture.h"

/* The site itself was read before; whether its effects could leave is seen by adding them. */
static int check_site(cli *c)
{
    greffe_engine_options options = {.size = sizeof options};
    greffe_status status = greffe_store_memory(&options.store);
    status = status == GREFFE_OK ? greffe_engine_open(&c->engine, c->context, &options) : status;
    int code = status == GREFFE_OK ? cli_add_destinations(c) : cli_status(status, c->site);
    if (code == EXIT_FINE && !c->json) {
        (void)printf("%s: no fault found\n", c->site);
    }
    return code;
}

int cli_check(cli *c)
{
    const char *format = c->format != NULL ? c->format : c->json ? "json" : "human";
    if (c->word_count == 0 && c->accounts == NULL) {
        return cli_fail(EXIT_USAGE, "name a procedure's file, or a folder: greffe check velo.yaml");
    }
    if (!cli_format_known(format)) {
        return cli_fail(EXIT_USAGE, "--format takes human, json, sarif, junit or github");
    }
    c->json = strcmp(format, "human") != 0;
    cJSON *findings = c->json ? cli_findings_new() : NULL;
    int worst = c->accounts != NULL ? check_site(c) : EXIT_FINE;
    int code = c->word_count > 0 ? cli_check_all(c, findings) : EXIT_FINE;
    if (findings != NULL) {
        cli_findings_print(findings, format, "check");
        cJSON_Delete(findings);
    }
    return cli_worse(code, worst);
}

int cli_build(cli *c)
{
    greffe_plan *plan = NULL;
    if (c->word_count != 1 || strcmp(c->out, "out") == 0) {
        return cli_fail(EXIT_USAGE, "greffe build FILE.yaml --out FILE.bundle");
    }
    int code = cli_compile(c, c->words[0], &plan);
    cli_print_diags(c);
    code = cli_verdict(c, code);
    if (code == EXIT_FINE) {
        greffe_str bytes = greffe_plan_bundle(plan);
        code = cli_replace_file(c->out, bytes.data, bytes.size, "greffe bundle");
    }
    greffe_plan_unref(plan);
    return code;
}

/* What the library writes itself, and what is drawn here from the whole plan. */
static bool write_graph(const cli *c, const greffe_plan *plan, const char *format)
{
    char *text = NULL;
    bool dot = strcmp(format, "dot") == 0, json = strcmp(format, "json") == 0, good = true;
    if (greffe_plan_render(&text, plan, dot ? GREFFE_PLAN_DOT : GREFFE_PLAN_JSON) != GREFFE_OK) {
        return false;
    }
    if (dot || json) {
        (void)fputs(text, stdout);
    } else {
        cJSON *whole = cJSON_Parse(text);
        good = strcmp(format, "svg") == 0 ? picture_write_svg(stdout, whole, NULL)
                                          : picture_write_mermaid(stdout, whole);
        cJSON_Delete(whole);
    }
    greffe_free(c->context, text);
    return good;
}

int cli_graph(cli *c)
{
    static const char *const formats[] = {"dot", "svg", "mermaid", "json"};
    const char *format = c->format != NULL ? c->format : c->json ? "json" : "dot";
    greffe_plan *plan = NULL;
    bool known = false;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        known = known || strcmp(format, formats[i]) == 0;
    }
    if (c->word_count != 1 || !known) {
        return cli_fail(EXIT_USAGE, "greffe graph FILE.yaml [--format svg|dot|mermaid|json]");
    }
    int code = cli_compile(c, c->words[0], &plan);
    if (code != EXIT_FINE) {
        cli_print_diags(c);
    } else if (!write_graph(c, plan, format)) {
        code = cli_fail(EXIT_ENVIRONMENT, "out of memory");
    }
    greffe_plan_unref(plan);
    return code;
}

static int plan_from(cli *c, const char *path, greffe_plan **out)
{
    size_t length = strlen(path), size;
    char *bytes;
    if (length < 7 || strcmp(path + length - 7, ".bundle") != 0) {
        int code = cli_compile(c, path, out);
        cli_print_diags(c);
        return cli_verdict(c, code);
    }
    if (!cli_read_file(path, &bytes, &size)) {
        return cli_fail(EXIT_ENVIRONMENT, "%s cannot be read", path);
    }
    greffe_status status = greffe_plan_read(out, c->context, (greffe_str){bytes, size});
    free(bytes);
    return status == GREFFE_ECORRUPT
               ? cli_fail(EXIT_FAULTS, "GR-6201: %s is not a bundle, or was damaged", path)
               : cli_status(status, path);
}

int cli_publish(cli *c)
{
    greffe_plan *plan = NULL;
    if (c->word_count != 1) {
        return cli_fail(EXIT_USAGE, "greffe publish FILE.yaml, or FILE.bundle");
    }
    int code = plan_from(c, c->words[0], &plan);
    if (code == EXIT_FINE) {
        code = cli_status(greffe_engine_publish(c->engine, plan), c->store);
    }
    if (code == EXIT_FINE && !c->quiet) {
        greffe_str id = greffe_plan_id(plan);
        (void)printf("published: %.*s\n", (int)id.size, id.data);
    }
    greffe_plan_unref(plan);
    return code;
}
