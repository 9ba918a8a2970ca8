/* Names of status codes, and the library's version. */
#include <greffe/greffe.h>

const char *greffe_status_name(greffe_status status)
{
    static const char *const names[] = {
        "ok",        "no memory", "misuse",   "invalid",       "limit",      "not found",
        "denied",    "state",     "conflict", "key reused",    "i/o",        "disk full",
        "read-only", "busy",      "corrupt",  "other version", "not proved", "outcome unknown",
    };
    return (unsigned)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

const char *greffe_version(void)
{
    return GREFFE_VERSION;
}
