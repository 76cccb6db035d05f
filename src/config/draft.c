#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "config/setting.h"
#include "draft.h"

#define DRAFT_SECRET_LIKELY        15 /* octets: base64 of so many is hardly a word */
#define DRAFT_SECRET_LIKELY_PADDED 8  /* with '=' behind it */

void *draft_grow(void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* its room is the next power of two */
    char *grown = full ? reallocarray(items, count ? 2 * count : 1, size) : items;
    if (grown)
        memset(grown + count * size, 0, size);
    return grown;
}

char *draft_title(const struct config_section *section, char out[DRAFT_TITLE_SIZE])
{
    snprintf(out, DRAFT_TITLE_SIZE, "[%s%s%s]", setting_section_text(section->kind),
             *section->label ? " " : "", section->label);
    return out;
}

int draft_add_file(struct draft *draft, const char *path)
{
    struct config *config = draft->config;
    char **grown = draft_grow(config->files, config->file_count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    config->files = grown;
    config->files[config->file_count] = strdup(path);
    if (!config->files[config->file_count])
        return DNS_EMEMORY;
    config->file_count++;
    return 0;
}

char *draft_resolve(struct place place, const char *path)
{
    const char *file = place_path(place);
    const char *slash = strrchr(file, '/');
    if (*path == '/' || !slash)
        return strdup(path);
    char *resolved = NULL;
    if (asprintf(&resolved, "%.*s/%s", (int)(slash - file), file, path) < 0)
        return NULL;
    return resolved;
}

const char *draft_why(const struct draft *draft, const char *path, int error)
{
    const struct config_files *files = draft->files;
    return files->why ? files->why(files->arg, path, error) : strerror(-error);
}

bool draft_looks_secret(const char *text)
{
    uint8_t secret[TSIG_SECRET_MAX];
    size_t size = strlen(text), len = 0;
    bool padded = size > 0 && text[size - 1] == '=';
    bool decodes = tsig_key_decode_secret(text, size, secret, &len) == 0;
    OPENSSL_cleanse(secret, sizeof secret);
    return decodes && len >= (padded ? DRAFT_SECRET_LIKELY_PADDED : DRAFT_SECRET_LIKELY);
}

void draft_doubt_file(const struct draft *draft, struct place place, const char *what,
                      const struct config_file *file)
{
    const struct config_files *files = draft->files;
    if (file->mode & 0022)
        place_say(place, CONFIG_WARNING, "others can write %s; make it mode 640 or less", what);
    if (files->trusts && !files->trusts(files->arg, draft->config->proxy.user, file->uid))
        place_say(place, CONFIG_WARNING,
                  "%s belongs to the user with number %u, who can change it; give it to root", what,
                  file->uid);
}
