/* Numbers of the protocol as words, for people to read: the mnemonics of the IANA registry of DNS
 * parameters. */
#ifndef DNS_TEXT_H
#define DNS_TEXT_H

#include <stdint.h>

#define DNS_TEXT_SIZE 24

/* Each returns a word of its own, or writes the number behind the kind into `out` and returns
 * that: "RCODE4000", "TYPE65280" (RFC 3597 section 5), "OPCODE3". */
const char *dns_text_rcode(unsigned rcode, char out[DNS_TEXT_SIZE]);
const char *dns_text_type(uint16_t type, char out[DNS_TEXT_SIZE]);
const char *dns_text_opcode(unsigned opcode, char out[DNS_TEXT_SIZE]);

#endif
