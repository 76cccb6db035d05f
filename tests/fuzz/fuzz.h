/* What the fuzz targets share. Each target is one file with one function that is given octets; it
 * is linked with libFuzzer (tests/fuzz/run.sh) or with replay.c, which feeds it the kept corpus. */
#ifndef FUZZ_H
#define FUZZ_H

#include "tsig/sign.h"

#define FUZZ_NOW 1700000000 /* seconds since 1970 */

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

/* A property that must hold whatever the input; ends the process when it does not. */
#define FUZZ_CHECK(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *text);

/* A copy in memory of its own size, so that the sanitizer sees every step beyond it; free() it. */
uint8_t *fuzz_copy(const uint8_t *octets, size_t len);

/* The rest of the input, copied; free() it. */
uint8_t *fuzz_rest(const struct dns_reader *in, size_t *len);

/* The next frame, copied: two octets of length, and as many octets as that, or as there are. NULL
 * when the input is used up. */
uint8_t *fuzz_frame(struct dns_reader *in, size_t *len);

/* A key that no corpus has been signed with. */
void fuzz_key_init(struct tsig_key *key, struct tsig_mac *mac, const char *algorithm);
void fuzz_key_fini(struct tsig_key *key, struct tsig_mac *mac);

#endif
