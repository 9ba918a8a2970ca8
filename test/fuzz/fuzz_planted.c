/* A reader with a planted fault: it bears no input of an odd length that holds an open bracket
 * behind a closed one. No file of the corpus is one. A replay that does not come upon it shows that
 * it looks at too little, or that it cannot tell. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *closed = size == 0 ? NULL : memchr(data, '}', size);
    const bool met =
        closed != NULL && size % 2 == 1 && memchr(closed, '[', size - (size_t)(closed - data));
    fuzz_check(!met, "the planted fault is not met");
    return 0;
}
