/* Private to the relay: what a request proves of its sender. As in judgement.h, true means that the
 * judgement goes on. */
#ifndef RELAY_PROOF_H
#define RELAY_PROOF_H

#include "judgement.h"

/* The request has a TSIG: key, MAC, time, truncation. */
bool proof_check_tsig(struct judgement *j);
/* It has none, and its peer has a key (M4). */
bool proof_check_unsigned(struct judgement *j);
/* It is no UPDATE that was let through before (M10). */
bool proof_check_replay(struct judgement *j);
/* Nobody at this address sends this (M1b). */
bool proof_refuse_if_elsewhere(struct judgement *j);

#endif
