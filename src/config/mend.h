/* Private to the configuration's files: how an address that others write in their way is written
 * here. */
#ifndef CONFIG_MEND_H
#define CONFIG_MEND_H

#include <stdbool.h>

#define MEND_SIZE 160

enum mend_kind {
    MEND_SERVER,   /* of another host, maybe with a port */
    MEND_LISTENER, /* of our own, likewise */
    MEND_OPTIONAL, /* likewise, or none */
    MEND_HOST,     /* without a port */
    MEND_PREFIX,
};

/* What to say of a text that could not be read as one: "names are not looked up; write …". False
 * when nothing is known of it. */
bool mend_address(enum mend_kind kind, const char *text, char out[MEND_SIZE]);

/* Is it a list of addresses or prefixes, and nothing else? */
bool mend_is_list(const char *text);

#endif
