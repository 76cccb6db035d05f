/* Text of files as JSON, which is UTF-8: octets of anything else become question marks. */
#ifndef ADMIN_TEXT_H
#define ADMIN_TEXT_H

#include <jansson.h>

/* A new reference. NULL: no memory. */
json_t *text_to_json(const char *text, size_t len);

#endif
