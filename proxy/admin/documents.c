/* A table says what stands where; each document becomes a response of libmicrohttpd's, which counts
 * who still carries it. */
#include "admin/documents.h"

#include <stdlib.h>
#include <string.h>

#include "admin/dump.h"
#include "admin/page.h"

#define DOCUMENTS_FRESH_MS 1000

static const struct {
    const char *path;
    const char *type;
    bool probed;
} documents_table[DOCUMENTS] = {
    [DOCUMENT_PAGE] = {"/", "text/html; charset=utf-8", false},
    [DOCUMENT_PAGE_STILL] = {"/still", "text/html; charset=utf-8", false},
    [DOCUMENT_METRICS] = {"/metrics", "text/plain; version=0.0.4; charset=utf-8", false},
    [DOCUMENT_STATUS] = {"/status.json", "application/json", false},
    [DOCUMENT_HEALTH] = {"/healthz", "application/json", true},
    [DOCUMENT_READY] = {"/readyz", "application/json", true},
};

enum document documents_find(const char *path)
{
    unsigned i = 0;
    while (i < DOCUMENTS && strcmp(documents_table[i].path, path) != 0)
        i++;
    return (enum document)i;
}

bool documents_is_probed(enum document document)
{
    return documents_table[document].probed;
}

static void documents_add_headers(struct MHD_Response *response, const char *type)
{
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    MHD_add_response_header(response, "Content-Security-Policy", page_policy());
    MHD_add_response_header(response, "Content-Type", type);
}

enum MHD_Result documents_refuse(struct MHD_Connection *connection, unsigned status,
                                 const char *sentence)
{
    union {
        const char *in;
        void *out;
    } text = {.in = sentence};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(sentence), text.out, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    documents_add_headers(response, "text/plain; charset=utf-8");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static int documents_write_json(FILE *out, json_t *document)
{
    size_t len;
    char *text = dump_line(document, &len);
    int error = text && fwrite(text, 1, len, out) == len ? 0 : -1;
    free(text);
    json_decref(document);
    fputc('\n', out);
    return error;
}

static int documents_write_page(const struct documents *documents, FILE *out, bool still)
{
    json_t *document = documents->acts.status(documents->acts.arg);
    if (!document)
        return -1;
    page_write(out, document, still);
    json_decref(document);
    return 0;
}

/* Ready, or draining. */
static int documents_write_ready(const struct documents *documents, FILE *out, unsigned *status)
{
    json_t *document = documents->acts.health(documents->acts.arg);
    if (!json_is_true(json_object_get(document, "ready")))
        *status = MHD_HTTP_SERVICE_UNAVAILABLE;
    return documents_write_json(out, document);
}

static int documents_write(const struct documents *documents, enum document which, FILE *out,
                           unsigned *status)
{
    switch (which) {
    case DOCUMENT_PAGE:
    case DOCUMENT_PAGE_STILL:
        return documents_write_page(documents, out, which == DOCUMENT_PAGE_STILL);
    case DOCUMENT_METRICS:
        return documents->acts.metrics(documents->acts.arg, out);
    case DOCUMENT_STATUS:
        return documents_write_json(out, documents->acts.status(documents->acts.arg));
    case DOCUMENT_HEALTH:
        return documents_write_json(out, documents->acts.health(documents->acts.arg));
    case DOCUMENT_READY:
        return documents_write_ready(documents, out, status);
    default:
        return -1;
    }
}

static struct MHD_Response *documents_make(const struct documents *documents, enum document which,
                                           unsigned *status)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct MHD_Response *response = NULL;
    *status = MHD_HTTP_OK;
    if (!out)
        return NULL;
    int error = documents_write(documents, which, out, status);
    if (fclose(out) == 0 && error >= 0)
        response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (response)
        documents_add_headers(response, documents_table[which].type);
    else
        free(text);
    return response;
}

enum MHD_Result documents_answer(struct documents *documents, struct MHD_Connection *connection,
                                 enum document document, uint64_t now)
{
    struct document_made *made = &documents->made[document];
    /* Who probes wants to know at once, and it costs little. */
    if (!made->response || documents_table[document].probed ||
        now - made->at >= DOCUMENTS_FRESH_MS) {
        if (made->response)
            MHD_destroy_response(made->response);
        made->response = documents_make(documents, document, &made->status);
        made->at = now;
    }
    if (!made->response)
        return documents_refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n");
    return MHD_queue_response(connection, made->status, made->response);
}

void documents_fini(struct documents *documents)
{
    for (unsigned i = 0; i < DOCUMENTS; i++)
        if (documents->made[i].response)
            MHD_destroy_response(documents->made[i].response);
}
