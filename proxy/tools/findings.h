/* What probe found, said line by line as it is found, and at the end what of it is to be mended. */
#ifndef TOOLS_FINDINGS_H
#define TOOLS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

struct finding {
    char *where; /* owned */
    char *what;  /* owned */
    char *cure;  /* owned; NULL: not said yet */
};

struct findings {
    char *where;           /* owned: the headline that what follows stands below */
    struct finding *items; /* owned */
    size_t count;
    size_t good;
    bool incomplete; /* memory ran out */
};

#define FINDINGS_FORMAT __attribute__((format(printf, 2, 3)))

/* "primary hq, 192.0.2.1@53" */
void findings_head(struct findings *f, const char *format, ...) FINDINGS_FORMAT;
void findings_good(struct findings *f, const char *format, ...) FINDINGS_FORMAT;
/* What is worth knowing and needs nobody. */
void findings_note(struct findings *f, const char *format, ...) FINDINGS_FORMAT;
/* What is wrong; findings_cure follows, and says what to do. */
void findings_mend(struct findings *f, const char *format, ...) FINDINGS_FORMAT;
void findings_cure(struct findings *f, const char *format, ...) FINDINGS_FORMAT;

/* The last lines: all that is to be mended. True if nothing is. */
bool findings_end(const struct findings *f);
void findings_fini(struct findings *f);

#endif
