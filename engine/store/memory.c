/* The store in memory: SQLite without a file, so that it behaves to the letter as the one that
 * real dossiers are kept in. */
#include <greffe/sys/store.h>

greffe_status greffe_store_memory(greffe_store **out)
{
    greffe_sqlite_options options = {.size = sizeof options, .path = ":memory:"};
    return greffe_store_sqlite(out, &options);
}
