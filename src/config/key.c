/* Keys: a [key] section and the file it names, put together and held against each other. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/setting.h"
#include "draft.h"
#include "tsig/key_file.h"
#include "tsig/mac.h"

#define KEY_CREDENTIAL "credential:"

/* One [key] section while its key is made. What the section leaves open the file may fill in. */
struct making {
    const struct draft *draft;
    const struct config_section *section;
    const struct draft_key *given;
    bool absent; /* the secret is where only the service sees it */
    struct tsig_key_file file;
};

/* The line of a setting of the section. */
static struct place key_place(const struct making *m, const char *setting)
{
    return place_of(m->draft->place, m->section, setting);
}

static int key_decode(struct making *m, const char *text)
{
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE];
    if (tsig_key_file_read_bare(text, strlen(text), &m->file, problem) < 0)
        return place_say(key_place(m, "secret"), CONFIG_ERROR, "cannot use 'secret': %s", problem);
    return 0;
}

/* dnssec-keygen has the name in that of a private key's file, and nowhere else. */
static void key_take_name_of(const char *path, struct dns_name *out)
{
    char text[DNS_NAME_TEXT_SIZE];
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *end = strstr(base, ".+");
    size_t len = end ? (size_t)(end - base) : 0;
    if (*base != 'K' || len < 2 || len > sizeof text || !strstr(end, ".private"))
        return;
    memcpy(text, base + 1, len - 1);
    text[len - 1] = '\0';
    if (dns_name_from_text(text, out) < 0)
        out->len = 0;
}

static int key_decode_file(struct making *m, const char *path, const struct config_file *file)
{
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE];
    if (tsig_key_file_read(file->text, file->len, &m->file, problem) < 0)
        return place_say(key_place(m, "secret-file"), CONFIG_ERROR, "cannot use '%s': %s", path,
                         problem);
    if (m->file.name.len == 0)
        key_take_name_of(path, &m->file.name);
    dns_name_lower(&m->file.name);
    return 0;
}

static int key_say_unreadable(const struct making *m, const char *path, const char *why)
{
    if (draft_looks_secret(m->given->secret_file))
        return place_say(key_place(m, "secret-file"), CONFIG_ERROR,
                         "'secret-file' names no file that can be read (%s); a secret itself "
                         "belongs in 'secret'",
                         why);
    return place_say(key_place(m, "secret-file"), CONFIG_ERROR, "cannot read '%s': %s", path, why);
}

/* What a service manager hands to the service alone, by name. */
static int key_resolve_credential(struct making *m, const char *name, char **path)
{
    const struct config_files *files = m->draft->files;
    struct place place = key_place(m, "secret-file");
    *path = NULL;
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return place_say(place, CONFIG_ERROR,
                         "'" KEY_CREDENTIAL "' takes the name of a credential, not '%s'", name);
    if (files->credentials)
        return asprintf(path, "%s/%s", files->credentials, name) < 0 ? DNS_EMEMORY : 0;
    m->absent = files->only_looks;
    return place_say(
        place, m->absent ? CONFIG_WARNING : CONFIG_ERROR,
        "$CREDENTIALS_DIRECTORY is not set, so there is no '" KEY_CREDENTIAL "%s' here%s", name,
        m->absent ? "; the service has it if its unit says LoadCredential="
                  : "; it is for a service whose unit says LoadCredential=");
}

static int key_resolve(struct making *m, char **path)
{
    const char *given = m->given->secret_file;
    if (strncmp(given, KEY_CREDENTIAL, strlen(KEY_CREDENTIAL)) == 0)
        return key_resolve_credential(m, given + strlen(KEY_CREDENTIAL), path);
    *path = draft_resolve(key_place(m, "secret-file"), given);
    return *path ? 0 : DNS_EMEMORY;
}

static int key_read_path(struct making *m, const char *path)
{
    const struct config_files *files = m->draft->files;
    struct config_file file = {0};
    int error = files->read(files->arg, path, &file);
    if (error < 0)
        return key_say_unreadable(m, path, draft_why(m->draft, path, error));
    if (file.mode & 0004)
        place_say(key_place(m, "secret-file"), CONFIG_WARNING,
                  "others can read the secret file; make it mode 640 or less");
    draft_doubt_file(m->draft, key_place(m, "secret-file"), "the secret file", &file);
    error = key_decode_file(m, path, &file);
    OPENSSL_cleanse(file.text, file.len);
    free(file.text);
    return error;
}

static int key_read_file(struct making *m)
{
    char *path = NULL;
    int error = key_resolve(m, &path);
    if (error == 0)
        error = key_read_path(m, path);
    free(path);
    return error;
}

static int key_read_secret(struct making *m)
{
    bool in_line = setting_line(m->section, "secret") != 0;
    bool in_file = setting_line(m->section, "secret-file") != 0;
    if (in_line && in_file)
        return place_say(key_place(m, "secret"), CONFIG_ERROR,
                         "there are both 'secret' and 'secret-file'; one must go");
    if (!in_line && !in_file)
        return place_say(key_place(m, "secret-file"), CONFIG_ERROR, "[key %s] has no 'secret-file'",
                         m->section->label);
    /* Given without a value: said already. */
    if (in_file)
        return m->given->secret_file ? key_read_file(m) : DNS_EFORMAT;
    if (!m->given->secret)
        return DNS_EFORMAT;
    place_say(key_place(m, "secret"), CONFIG_WARNING,
              "the secret stands in this file; 'secret-file' keeps it apart");
    return key_decode(m, m->given->secret);
}

/* NULL when there is none, which has been said. */
static const struct tsig_algorithm *key_choose_algorithm(const struct making *m)
{
    bool said = setting_line(m->section, "algorithm") != 0;
    const struct tsig_algorithm *in_file = m->file.algorithm;
    if (in_file && said && m->given->algorithm && m->given->algorithm != in_file) {
        place_say(key_place(m, "algorithm"), CONFIG_ERROR,
                  "'algorithm' is %s, but the key file says %s", m->given->algorithm->text,
                  in_file->text);
        return NULL;
    }
    return in_file && !said ? in_file : m->given->algorithm;
}

static int key_choose_name(const struct making *m, struct dns_name *out)
{
    bool said = setting_line(m->section, "name") != 0;
    struct dns_name name = m->given->name;
    if (said && name.len == 0)
        return DNS_EFORMAT; /* said already */
    bool in_file = m->file.name.len > 0;
    if (!said && dns_name_from_text(m->section->label, &name) < 0) {
        if (m->absent)
            return 0;
        if (!in_file)
            return place_say(key_place(m, "name"), CONFIG_ERROR,
                             "the label '%s' is no key name; give the name with 'name'",
                             m->section->label);
        name = m->file.name;
    }
    if (in_file && !dns_name_equal(&name, &m->file.name)) {
        char file_text[DNS_NAME_TEXT_SIZE];
        char text[DNS_NAME_TEXT_SIZE];
        dns_name_to_text(&name, text);
        dns_name_to_text(&m->file.name, file_text);
        return place_say(key_place(m, "secret-file"), CONFIG_ERROR,
                         said ? "the key file is of '%s', but 'name' is '%s'"
                              : "the key file is of '%s', not of '%s'; if that is meant, say so "
                                "with 'name'",
                         file_text, text);
    }
    dns_name_lower(&name);
    *out = name;
    return 0;
}

/* 0 in `*out`: the full size. */
static int key_choose_minimum(const struct making *m, const struct tsig_algorithm *algorithm,
                              unsigned *out)
{
    unsigned minimum = m->given->minimum_mac;
    if (minimum == 0)
        minimum = m->file.minimum_mac;
    if (minimum != 0 &&
        (minimum < tsig_algorithm_least_mac(algorithm) || minimum > algorithm->mac_size))
        return place_say(key_place(m, "minimum-mac"), CONFIG_ERROR,
                         "the least MAC to accept with %s is from %zu to %u octets, not %u",
                         algorithm->text, tsig_algorithm_least_mac(algorithm),
                         (unsigned)algorithm->mac_size, minimum);
    *out = minimum;
    return 0;
}

static void key_warn_of_secret(const struct making *m, const struct tsig_algorithm *algorithm)
{
    struct place place = key_place(m, m->given->secret ? "secret" : "secret-file");
    if (m->file.hexadecimal)
        place_say(place, CONFIG_WARNING,
                  "the secret of [key %s] has hexadecimal digits alone and is taken for base64; if "
                  "it is hexadecimal, write it as base64: xxd -r -p | base64",
                  m->section->label);
    else if (m->file.secret_len != algorithm->hash_size)
        place_say(place, CONFIG_WARNING,
                  m->file.secret_len < algorithm->hash_size
                      ? "the secret of [key %s] has %zu octets; for %s it should have %u"
                      : "the secret of [key %s] has %zu octets, and %s gains from %u alone: was it "
                        "made for another algorithm?",
                  m->section->label, m->file.secret_len, algorithm->text,
                  (unsigned)algorithm->hash_size);
}

static void key_warn_of_weakness(const struct making *m, const struct tsig_algorithm *algorithm)
{
    if (algorithm->weak)
        place_say(key_place(m, "algorithm"), CONFIG_WARNING,
                  "%s is weak; use it only with servers that have nothing better", algorithm->text);
    key_warn_of_secret(m, algorithm);
}

/* DNS_EFORMAT leaves the key zero, or with nothing but a name; an absent secret does so without an
 * error being told. */
static int key_make(struct making *m, struct tsig_key *out)
{
    int secret = key_read_secret(m);
    if (secret == DNS_EMEMORY)
        return secret;
    /* The rest is looked at even without a secret, so that all errors are told of. */
    struct dns_name name = {0};
    int error = key_choose_name(m, &name);
    out->name = name;
    const struct tsig_algorithm *algorithm = key_choose_algorithm(m);
    if (!algorithm || m->absent)
        return DNS_EFORMAT;
    unsigned minimum = 0;
    if (key_choose_minimum(m, algorithm, &minimum) < 0 || secret < 0 || error < 0)
        return DNS_EFORMAT;
    if (!tsig_mac_is_offered(algorithm))
        return place_say(key_place(m, "algorithm"), CONFIG_ERROR,
                         "OpenSSL, as this host has set it up, does not offer the hash of %s",
                         algorithm->text);
    key_warn_of_weakness(m, algorithm);
    error = tsig_key_init(out, &name, algorithm, m->file.secret, m->file.secret_len);
    if (error == 0 && minimum != 0)
        out->minimum_mac = (uint8_t)minimum;
    return error;
}

int config_key_make_all(struct draft *draft)
{
    struct config *config = draft->config;
    config->keys = calloc(draft->key_count + 1, sizeof *config->keys);
    if (!config->keys)
        return DNS_EMEMORY;
    config->key_count = draft->key_count;
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        if (section->kind != SETTING_KEY)
            continue;
        struct making m = {
            .draft = draft, .section = section, .given = &draft->keys[section->index]};
        int error = key_make(&m, &config->keys[section->index]);
        OPENSSL_cleanse(&m.file, sizeof m.file);
        if (error < 0 && error != DNS_EFORMAT)
            return error;
    }
    return 0;
}

void config_key_release(struct draft_key *key)
{
    if (key->secret)
        OPENSSL_cleanse(key->secret, strlen(key->secret));
    free(key->secret);
    free(key->secret_file);
}
