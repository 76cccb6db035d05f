#include "admin/status.h"

#include <stdlib.h>
#include <string.h>

json_t *status_document(const struct status_source *source)
{
    char *summary = status_summary(source);
    json_t *document = json_pack(
        "{s:s, s:s, s:{s:s, s:b}, s:i, s:b, s:I}", "version", TSIG_PROXY_VERSION, "summary",
        summary ? summary : "", "config", "file", source->file, "last_reload_successful",
        source->observe->successful, "workers", (int)source->facts->workers, "draining",
        source->facts->draining, "started", (json_int_t)source->observe->started);
    free(summary);
    return document;
}

char *status_summary(const struct status_source *source)
{
    return strdup(source->config->peer_count > 0 ? "nothing is known yet" : "");
}

int metrics_write(const struct status_source *source, FILE *out)
{
    return fprintf(out, "tsig_proxy_workers %u\n", source->facts->workers);
}
