/* What must hold at every step, looked at where messages arrive: at primaries, at secondaries, and
 * at whoever is no party. All of it fails the play. */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "truth.h"

/* Faults are over: what is asked from now on gets its answer. UINT64_MAX: not yet. */
void check_begin(void);
void check_set_quiet(uint64_t since);
bool check_is_quiet(uint64_t since);
/* A clock is wrong by so much, and what was recorded may seem fresh. */
void check_allow_age(uint64_t ms);

/* A right secondary asks. */
void check_note_asked(struct zone *z, uint16_t qtype);

/* At a primary: the zone is one of its own, and somebody has asked that. */
void check_request(const struct zone *z, const struct paper_reader *r);
void check_serial(const struct zone *z, const struct paper_reader *r, uint32_t serial);

/* No record that a forger has made. */
void check_mark(const struct paper_record *record);

/* At a secondary: an answer to what it asked then, that verified. */
void check_question(const struct zone *z, uint16_t qtype, const struct paper_reader *r);
void check_fresh(const struct zone *z, uint32_t serial, uint64_t since);
/* A record of a transfer: some version has it so. */
void check_record(const struct zone *z, const struct truth_item *item);
/* A transfer that looks whole. */
void check_copy(const struct zone *z, uint32_t serial, const uint32_t *values, uint64_t since);

#endif
