#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"
#include "place.h"

/* Moves the last finding to where its line belongs, behind earlier ones of the same line. */
static void report_settle_last(struct config_report *report)
{
    struct config_finding last = report->findings[report->count - 1];
    size_t at = report->count - 1;
    for (; at > 0 && report->findings[at - 1].line > last.line; at--)
        report->findings[at] = report->findings[at - 1];
    report->findings[at] = last;
}

void config_report_add(struct config_report *report, enum config_severity severity,
                       const char *file, unsigned line, const char *format, va_list args)
{
    struct config_finding finding = {.severity = severity, .line = line, .file = strdup(file)};
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
    report_settle_last(report);
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
