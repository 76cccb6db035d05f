/* The rows of a status: copies of zones, the troubled ones first, and what they come to. */
#ifndef ADMIN_ROWS_H
#define ADMIN_ROWS_H

#include "admin/ledger.h"
#include "admin/names.h"

#define ROWS_WHY_SIZE 320

struct rows {
    size_t counts[LEDGER_STATES]; /* of all */
    size_t total;
    struct ledger_entry *items; /* owned; expired first, then silent, behind, unknown, current */
    size_t count;
    size_t most;
    size_t *by_peer; /* owned; `counts` of each secondary, by its number */
};

/* At most `most` rows; whatever is not in the configuration is left out. Negative: no memory. */
int rows_init(struct rows *rows, struct ledger *ledger, const struct names *names, size_t most,
              int64_t now) MUST_CHECK;
void rows_fini(struct rows *rows);

/* The secondary's copies in this state. */
size_t rows_count(const struct rows *rows, const struct peer *secondary, enum ledger_state state);
/* Is anything known of any of them? */
bool rows_know(const struct rows *rows, const struct peer *secondary);

const char *rows_state_word(enum ledger_state state);

/* Why it is as it is, in `out`; NULL: it is current. */
const char *rows_why(const struct ledger_entry *entry, char out[ROWS_WHY_SIZE]);

#define ROWS_TIME_SIZE 32
const char *rows_time(int64_t seconds, char out[ROWS_TIME_SIZE]);

#endif
