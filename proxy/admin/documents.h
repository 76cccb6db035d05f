/* The documents that can be asked for over HTTP, each made at most once a second whatever the
 * number of who asks, and shared by all connections that carry it. */
#ifndef ADMIN_DOCUMENTS_H
#define ADMIN_DOCUMENTS_H

#include <microhttpd.h>
#include <stdbool.h>

#include "admin/acts.h"

enum document {
    DOCUMENT_PAGE,
    DOCUMENT_PAGE_STILL, /* that does not renew itself */
    DOCUMENT_METRICS,
    DOCUMENT_STATUS,
    DOCUMENT_HEALTH,
    DOCUMENT_READY,
    DOCUMENTS
};

/* Zeroed but for the acts. */
struct documents {
    struct admin_acts acts;
    /* What was made last, owned, with its status and when (ms). */
    struct document_made {
        struct MHD_Response *response;
        unsigned status;
        uint64_t at;
    } made[DOCUMENTS];
};

/* DOCUMENTS: there is nothing at this path. */
enum document documents_find(const char *path);

/* It is asked for by machines that know no name of this host. */
bool documents_is_probed(enum document document);

/* `now` in ms. MHD_NO: the connection is to be closed. */
enum MHD_Result documents_answer(struct documents *documents, struct MHD_Connection *connection,
                                 enum document document, uint64_t now);
enum MHD_Result documents_refuse(struct MHD_Connection *connection, unsigned status,
                                 const char *sentence);

void documents_fini(struct documents *documents);

#endif
