#include "admin/dump.h"

#include <stdlib.h>

#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER)

/* jansson 2.14 does not look whether there was memory for a key while it lengthens what it writes
 * to, and goes on with the value: so its length is asked for first. */
char *dump_line(const json_t *document, size_t *len)
{
    *len = document ? json_dumpb(document, NULL, 0, DUMP_FLAGS) : 0;
    char *text = *len > 0 ? malloc(*len + 1) : NULL;
    if (text && json_dumpb(document, text, *len, DUMP_FLAGS) == *len)
        return text;
    free(text);
    return NULL;
}
