/* A key as the configuration of some program has it, to be pasted there. */
#ifndef TOOLS_KEY_TEXT_H
#define TOOLS_KEY_TEXT_H

#include "tsig/key.h"

struct key_text {
    const char *format;
    bool cuts; /* knows the algorithms that cut MACs, in its own way */
    void (*print)(const char *name, const char *algorithm, const char *secret);
};

/* Number `i`, NULL past the last. */
const struct key_text *key_text_at(size_t i);
const struct key_text *key_text_find(const char *format);

/* Why a key cannot be written in this format; NULL: it can. */
const char *key_text_refuse(const struct key_text *format, const char *name,
                            const struct tsig_algorithm *algorithm);

/* As one word of a shell's command line, whatever is in it. */
void key_text_put_word(const char *text);

#endif
