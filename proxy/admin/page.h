/* The status page: what the status document says, for people. It needs no script, and nothing from
 * anywhere else. */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes the page of a document of admin/status.h. `still`: it does not renew itself. */
void page_write(FILE *out, const json_t *document, bool still);

/* The Content-Security-Policy that the page is to be sent with. */
const char *page_policy(void);

#endif
