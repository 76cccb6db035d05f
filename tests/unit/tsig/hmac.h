/* HMACs on their way to OpenSSL: counted, and refused when a test says so. */
#ifndef HMAC_H
#define HMAC_H

#include <stdbool.h>

extern unsigned hmac_count;
extern bool hmac_fails;

#endif
