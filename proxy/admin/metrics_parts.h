/* What the parts of metrics.c share. */
#ifndef ADMIN_METRICS_PARTS_H
#define ADMIN_METRICS_PARTS_H

#include <stdio.h>

#include "admin/names.h"
#include "admin/status.h"
#include "admin/view.h"

struct metrics {
    const struct status_source *source;
    struct names names;
    struct view view;
    int64_t now;
};

/* Negative: no memory. */
int metrics_write_zones(const struct metrics *m, FILE *out) MUST_CHECK;

/* What each program has; of those that the kernel does not tell, nothing. */
void metrics_write_process(int64_t started, FILE *out);

#endif
