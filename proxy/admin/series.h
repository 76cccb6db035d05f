/* One series of a metric, in the text format of Prometheus. */
#ifndef ADMIN_SERIES_H
#define ADMIN_SERIES_H

#include <stdint.h>
#include <stdio.h>

enum series_type { SERIES_COUNTER, SERIES_GAUGE, SERIES_HISTOGRAM };

/* The lines before the first series of a metric. `name` is what stands behind "tsig_proxy_". */
void series_head(FILE *out, const char *name, enum series_type type, const char *help);

/* Pairs of a label and its value, ended by NULL, and the number. */
void series_write(FILE *out, const char *name, double value, const char *const *labels);
#define SERIES(out, name, value, ...)                                                              \
    series_write(out, name, value, (const char *const[]){__VA_ARGS__, NULL})

/* Without labels. */
void series_write_bare(FILE *out, const char *name, double value);

#endif
