/* Sources and sinks for the benchmarks, each of them a word on the command line of one program. */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>

int load_soa(char **arguments);
int load_notify(char **arguments);
int load_transfers(char **arguments);
int load_count(char **arguments);
int load_axfr(char **arguments);
int load_ping(char **arguments);
int load_notices(char **arguments);
int load_deliver(char **arguments);

/* From the command line. */
size_t load_number(const char *text);

#endif
