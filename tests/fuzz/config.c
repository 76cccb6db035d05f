/* A configuration text gives a snapshot or errors, never both, and all memory comes back.
 *
 * Input: the main file; after a NUL octet, what stands in every other file, and after another one
 * what stands in each that is included. */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAIN_PATH "/etc/t/main.ini"

#define INCLUDED "/etc/t/conf.d/"

enum { MAIN_TEXT, OTHER_TEXT, INCLUDED_TEXT, TEXTS };

struct texts {
    const uint8_t *octets[TEXTS]; /* NULL: there is none */
    size_t len[TEXTS];
};

static struct texts take_texts(const uint8_t *octets, size_t len)
{
    struct texts texts = {{NULL}, {0}};

    for (size_t i = 0; i < TEXTS; i++) {
        const uint8_t *nul = len && i + 1 < TEXTS ? memchr(octets, '\0', len) : NULL;

        texts.octets[i] = octets;
        texts.len[i] = nul ? (size_t)(nul - octets) : len;
        if (!nul)
            break;
        len -= texts.len[i] + 1;
        octets = nul + 1;
    }
    return texts;
}

static int read_text(void *arg, const char *path, struct config_file *out)
{
    const struct texts *texts = arg;
    size_t which = strcmp(path, MAIN_PATH) == 0                     ? MAIN_TEXT
                   : strncmp(path, INCLUDED, strlen(INCLUDED)) == 0 ? INCLUDED_TEXT
                                                                    : OTHER_TEXT;
    size_t len = texts->len[which];

    if (texts->octets[which] == NULL)
        return -ENOENT;
    out->text = malloc(len + 1);
    if (!out->text)
        return -ENOMEM;
    memcpy(out->text, texts->octets[which], len);
    out->text[len] = '\0';
    out->len = len;
    out->mode = 0640;
    return 0;
}

/* Whatever the pattern: two files, the main one, and one of the two again. */
static int list_texts(void *arg, const char *pattern, char ***paths, size_t *count)
{
    static const char *const found[] = {INCLUDED "b", MAIN_PATH, INCLUDED "a", INCLUDED "b"};
    const struct texts *texts = arg;

    (void)pattern;
    if (texts->octets[INCLUDED_TEXT] == NULL)
        return 0;
    *paths = calloc(sizeof(found) / sizeof(found[0]), sizeof(**paths));
    if (*paths == NULL)
        return -ENOMEM;
    for (; *count < sizeof(found) / sizeof(found[0]); ++*count)
        (*paths)[*count] = strdup(found[*count]);
    return 0;
}

/* Shown as one line each. */
static void check_report(const struct config_report *report)
{
    size_t errors = 0;

    FUZZ_CHECK(!report->incomplete);
    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *f = &report->findings[i];

        errors += f->severity == CONFIG_ERROR;
        FUZZ_CHECK(f->file[0] != '\0' && f->text[0] != '\0');
        FUZZ_CHECK(i == 0 || f[-1].file_number < f->file_number ||
                   (f[-1].file_number == f->file_number && f[-1].line <= f->line));
        for (const char *c = f->text; *c; c++)
            FUZZ_CHECK(!iscntrl((unsigned char)*c) || *c == '\t');
    }
    FUZZ_CHECK(errors == report->errors);
}

/* Every part has a number, its place in a first snapshot. */
static void check_parts(const struct config *config)
{
    for (size_t i = 0; i < config->key_count; i++)
        FUZZ_CHECK(config->keys[i].number == i && config->keys[i].secret_len > 0);
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct peer *peer = &config->peers[i];

        FUZZ_CHECK(peer->number == i);
        for (size_t k = 0; k < peer->keyring.count; k++)
            FUZZ_CHECK(peer->keyring.keys[k] == &config->keys[peer->keyring.keys[k]->number]);
        for (size_t k = 0; k < peer->primary_count; k++)
            FUZZ_CHECK(peer->primary[k] == &config->peers[peer->primary[k]->number]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct texts texts = take_texts(octets, len);
    const struct config_files files = {.read = read_text, .list = list_texts, .arg = &texts};
    struct config_report report = {0};
    struct config *config = NULL;
    int error = config_parse(&files, MAIN_PATH, &config, &report);

    FUZZ_CHECK(error == 0 || error == DNS_EFORMAT);
    FUZZ_CHECK((error == 0) == (config != NULL) && (error == 0) == (report.errors == 0));
    check_report(&report);
    if (config)
        check_parts(config);
    config_unref(config);
    config_report_fini(&report);
    return 0;
}
