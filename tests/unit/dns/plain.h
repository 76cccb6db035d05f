/* A second opinion on what a message is: each name is read to its end, each record looked at by
 * itself, and nothing is remembered from one to the next. */
#ifndef PLAIN_H
#define PLAIN_H

#include "dns/message.h"

/* As dns_message_parse. */
int plain_parse(const uint8_t *octets, size_t len, struct dns_message *out);

#endif
