/* The text of a JSON document, whole or not at all. */
#ifndef ADMIN_DUMP_H
#define ADMIN_DUMP_H

#include <jansson.h>
#include <stddef.h>

/* On one line, without an end of its own; there is room for one octet behind it. Owned; NULL: no
 * memory. */
char *dump_line(const json_t *document, size_t *len);

#endif
