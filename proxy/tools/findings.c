#include "tools/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __attribute__((format(printf, 2, 0))) char *findings_text(struct findings *f,
                                                                 const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        f->incomplete = true;
        return NULL;
    }
    return text;
}

/* At once: the next question may take its time. */
static void findings_print(const char *kind, const char *text)
{
    printf("  %-4s  %s\n", kind, text ? text : "?");
    fflush(stdout);
}

void findings_head(struct findings *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(f->where);
    f->where = findings_text(f, format, args);
    va_end(args);
    printf("%s\n", f->where ? f->where : "?");
    fflush(stdout);
}

void findings_good(struct findings *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = findings_text(f, format, args);
    va_end(args);
    findings_print("ok", text);
    free(text);
    f->good++;
}

void findings_note(struct findings *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = findings_text(f, format, args);
    va_end(args);
    findings_print("note", text);
    free(text);
}

void findings_mend(struct findings *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = findings_text(f, format, args);
    va_end(args);
    findings_print("MEND", text);
    struct finding *items = realloc(f->items, (f->count + 1) * sizeof *items);
    if (!items) {
        f->incomplete = true;
        free(text);
        return;
    }
    f->items = items;
    f->items[f->count++] =
        (struct finding){.where = f->where ? strdup(f->where) : NULL, .what = text};
}

void findings_cure(struct findings *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = findings_text(f, format, args);
    va_end(args);
    findings_print("", text);
    if (f->count == 0 || f->items[f->count - 1].cure) {
        free(text);
        return;
    }
    f->items[f->count - 1].cure = text;
}

bool findings_end(const struct findings *f)
{
    if (f->incomplete)
        puts("\nOut of memory: what follows is not all.");
    if (f->count == 0) {
        printf("\nAll is well: %zu things tried, nothing to mend.\n", f->good);
        return !f->incomplete;
    }
    printf("\nTo mend: %zu of %zu things tried.\n", f->count, f->count + f->good);
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *item = &f->items[i];
        printf("%zu. %s: %s\n", i + 1, item->where ? item->where : "?",
               item->what ? item->what : "?");
        if (item->cure)
            printf("   %s\n", item->cure);
    }
    return false;
}

void findings_fini(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->items[i].where);
        free(f->items[i].what);
        free(f->items[i].cure);
    }
    free(f->items);
    free(f->where);
    *f = (struct findings){0};
}
