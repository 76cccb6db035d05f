/* What an exchange tells of its end. */
#ifndef EXCHANGE_EXCHANGE_REPORT_H
#define EXCHANGE_EXCHANGE_REPORT_H

#include "exchange/exchange.h"

/* What became of the client's request; `rcode` -1: it got no answer. A NOTIFY's story is told leg by leg. */
void exchange_report_end(const struct exchange *x, int rcode, const char *result,
                         struct relay_time now);

/* The last message of a server's answer has been relayed. */
void exchange_report_relayed(const struct exchange *x, int rcode, struct relay_time now);

/* The server's message could not be made the client's, for this error. */
void exchange_report_unrelayable(const struct exchange *x, int error, struct relay_time now);

#endif
