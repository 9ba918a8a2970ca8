/* Feeds any bytes to the compiler as a procedure, with an authority that it holds in memory.
 *
 * A refusal must be diagnosed, and every diagnostic must be renderable. What compiles must give a
 * bundle that reads back to the same bytes and renders in every form. An input that begins with
 * the line "# site" goes to the site reader instead. */
#include <string.h>

#include <greffe/site.h>

#include "compile_kit.h"

static void try_site(greffe_context *context, greffe_diags *diags, greffe_str text)
{
    greffe_site *site = NULL;
    const greffe_status status = greffe_site_read(&site, context, diags, "site.yaml", text);
    fuzz_check(status == GREFFE_OK || status == GREFFE_EINVALID, "a documented status");
    fuzz_check((status == GREFFE_OK) == (greffe_diags_total(diags, GREFFE_ERROR) == 0),
               "a site is refused with a fault, and only then");
    if (status == GREFFE_OK) {
        (void)greffe_site_account(site, "agent");
        (void)greffe_site_text(site, "payer_iban");
        greffe_site_destroy(site);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = "# site\n";
    const greffe_str text = {(const char *)data, size};
    greffe_context *context = NULL;
    greffe_diags *diags = NULL;
    fuzz_check(greffe_context_create(&context, NULL) == GREFFE_OK, "a context");
    fuzz_check(greffe_diags_create(&diags, context) == GREFFE_OK, "a collector");
    if (size >= sizeof mark - 1 && memcmp(data, mark, sizeof mark - 1) == 0) {
        try_site(context, diags, text);
    } else {
        try_procedure(context, diags, text);
    }
    check_diags(diags, text);
    greffe_diags_destroy(diags);
    greffe_context_destroy(context);
    return 0;
}
