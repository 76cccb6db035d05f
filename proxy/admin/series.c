#include "admin/series.h"

void series_head(FILE *out, const char *name, enum series_type type, const char *help)
{
    static const char *const words[] = {"counter", "gauge", "histogram"};
    fprintf(out, "# HELP tsig_proxy_%s %s\n# TYPE tsig_proxy_%s %s\n", name, help, name,
            words[type]);
}

static void series_write_value(FILE *out, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (*c == '\n')
            fputs("\\n", out);
        else if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else
            fputc(*c, out);
    }
}

void series_write(FILE *out, const char *name, double value, const char *const *labels)
{
    fprintf(out, "tsig_proxy_%s", name);
    for (size_t i = 0; labels[i]; i += 2) {
        fprintf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i]);
        series_write_value(out, labels[i + 1]);
        fputc('"', out);
    }
    fprintf(out, "} %.15g\n", value);
}

void series_write_bare(FILE *out, const char *name, double value)
{
    fprintf(out, "tsig_proxy_%s %.15g\n", name, value);
}
