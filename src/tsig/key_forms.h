/* Private to the readers of key files: one for each form that a key may have. They return NULL, or
 * what is wrong, and may then have written some of the file. */
#ifndef TSIG_KEY_FORMS_H
#define TSIG_KEY_FORMS_H

#include "tsig/key_file.h"

/* key_bare.c */
/* Decodes a secret. */
const char *key_forms_secret(struct tsig_key_file *file, const char *text, size_t len);
const char *key_forms_read_dig(const char *text, size_t len, struct tsig_key_file *file);

/* key_bind.c */
bool key_forms_is_bind(const char *text, size_t len);
const char *key_forms_read_bind(const char *text, size_t len, struct tsig_key_file *file);
/* As BIND and its tools mean it, with MACs that are cut; false when there is none. */
bool key_forms_bind_algorithm(struct tsig_key_file *file, char *text);

/* key_lines.c: text without NUL octets. */
const char *key_forms_read_ini(const char *text, size_t len, struct tsig_key_file *file);
const char *key_forms_read_private(const char *text, size_t len, struct tsig_key_file *file);
const char *key_forms_read_record(const char *text, size_t len, struct tsig_key_file *file);

#endif
