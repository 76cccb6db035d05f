/* A chain that begins with a request whose MAC is given, for vectors and forgeries. */
#ifndef UNIT_TSIG_CHAIN_H
#define UNIT_TSIG_CHAIN_H

#include "tsig/sign.h"

static inline struct tsig_chain chain_response(const uint8_t *request_mac, size_t len)
{
    struct tsig_chain chain = tsig_chain_request();

    tsig_chain_advance(&chain, request_mac, len, 0);
    return chain;
}

#endif
