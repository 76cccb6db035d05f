#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "place.h"

void config_report_add(struct place place, enum config_severity severity, const char *format,
                       va_list args)
{
    struct config_report *report = place.report;
    struct config_finding finding = {
        .severity = severity,
        .line = place.line,
        .file_number = place.file,
        .number = report->count,
        .file = strdup(place_path(place)),
    };
    struct config_finding *grown = draft_grow(report->findings, report->count, sizeof *grown);
    if (severity == CONFIG_ERROR)
        report->errors++;
    if (grown)
        report->findings = grown;
    if (vasprintf(&finding.text, format, args) < 0)
        finding.text = NULL;
    if (!grown || !finding.file || !finding.text) {
        free(finding.file);
        free(finding.text);
        report->incomplete = true;
        return;
    }
    report->findings[report->count++] = finding;
}

static int report_compare(const void *a, const void *b)
{
    const struct config_finding *x = a, *y = b;
    if (x->file_number != y->file_number)
        return x->file_number < y->file_number ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void config_report_sort(struct config_report *report)
{
    if (report->count > 0)
        qsort(report->findings, report->count, sizeof *report->findings, report_compare);
}

void config_report_fini(struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->findings[i].file);
        free(report->findings[i].text);
    }
    free(report->findings);
    *report = (struct config_report){0};
}
