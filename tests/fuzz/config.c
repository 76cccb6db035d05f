/* A configuration text gives a snapshot or errors, never both, and all memory comes back.
 *
 * Input: the main file; after a NUL octet, what stands in every other file. */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define MAIN_PATH "/etc/t/main.ini"

struct texts {
    const uint8_t *octets;
    size_t len;
    size_t main_len;
};

static int read_text(void *arg, const char *path, struct config_file *out)
{
    const struct texts *texts = arg;
    bool is_main = strcmp(path, MAIN_PATH) == 0;
    size_t from = is_main ? 0 : texts->main_len + 1;
    size_t to = is_main ? texts->main_len : texts->len;

    if (from > to)
        return -ENOENT;
    out->text = malloc(to - from + 1);
    if (!out->text)
        return -ENOMEM;
    memcpy(out->text, texts->octets + from, to - from);
    out->text[to - from] = '\0';
    out->len = to - from;
    out->mode = 0640;
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
        FUZZ_CHECK(i == 0 || report->findings[i - 1].line <= f->line);
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
    const uint8_t *nul = len ? memchr(octets, '\0', len) : NULL;
    struct texts texts = {octets, len, nul ? (size_t)(nul - octets) : len};
    const struct config_files files = {.read = read_text, .arg = &texts};
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
