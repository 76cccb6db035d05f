/* What a program that serves for months, and holds secrets, wants of its own process. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

/* Before anything is digested or signed. False: there is no memory for OpenSSL to begin with. */
bool process_can_begin(void);

/* Before anything else is opened: what is written to standard error must never reach a socket that
 * got its number. */
void process_open_standard(void);

/* No copy of its memory may leave it: neither as a core file, nor to others of its user. To be
 * called before secrets are read. */
void process_keep_to_itself(void);

/* Signals that people are used to send to daemons do nothing, unless they are caught later. */
void process_ignore_signals(void);

#endif
