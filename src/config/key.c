/* Keys: a [key] section and the file it names, put together and held against each other. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/setting.h"
#include "draft.h"
#include "tsig/key_file.h"

/* One [key] section while its key is made. What the section leaves open the file may fill in. */
struct making {
    const struct draft *draft;
    const struct config_section *section;
    const struct draft_key *given;
    bool from_file; /* `file` has all its members, not just the secret */
    struct tsig_key_file file;
};

/* The line of a setting of the section. */
static struct place key_place(const struct making *m, const char *setting)
{
    return place_of(m->draft->place, m->section, setting);
}

static int key_decode(struct making *m, const char *setting, const char *text, size_t len)
{
    int error = tsig_key_decode_secret(text, len, m->file.secret, &m->file.secret_len);
    if (error == DNS_ESPACE)
        return place_say(key_place(m, setting), CONFIG_ERROR, "'%s' holds more than %d octets",
                         setting, TSIG_SECRET_MAX);
    if (error < 0)
        return place_say(key_place(m, setting), CONFIG_ERROR, "'%s' is not base64", setting);
    return 0;
}

static int key_decode_file(struct making *m, const char *text, size_t len)
{
    if (!tsig_key_file_looks_like(text, len))
        return key_decode(m, "secret-file", text, len);
    const char *problem = NULL;
    if (tsig_key_file_parse(text, len, &m->file, &problem) < 0)
        return place_say(key_place(m, "secret-file"), CONFIG_ERROR,
                         "the key file '%s' cannot be read: %s", m->given->secret_file, problem);
    dns_name_lower(&m->file.name);
    m->from_file = true;
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

static int key_read_file(struct making *m)
{
    char *path = draft_resolve(key_place(m, "secret-file"), m->given->secret_file);
    if (!path)
        return DNS_EMEMORY;
    const struct config_files *files = m->draft->files;
    struct config_file file = {0};
    int error = files->read(files->arg, path, &file);
    if (error < 0)
        error = key_say_unreadable(m, path, strerror(-error));
    free(path);
    if (error < 0)
        return error;
    if (file.mode & 0004)
        place_say(key_place(m, "secret-file"), CONFIG_WARNING,
                  "others can read the secret file; make it mode 640 or less");
    draft_doubt_file(m->draft, key_place(m, "secret-file"), "the secret file", &file);
    error = key_decode_file(m, file.text, file.len);
    OPENSSL_cleanse(file.text, file.len);
    free(file.text);
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
    return key_decode(m, "secret", m->given->secret, strlen(m->given->secret));
}

/* NULL when there is none, which has been said. */
static const struct tsig_algorithm *key_choose_algorithm(const struct making *m)
{
    bool said = setting_line(m->section, "algorithm") != 0;
    if (m->from_file && said && m->given->algorithm && m->given->algorithm != m->file.algorithm) {
        place_say(key_place(m, "algorithm"), CONFIG_ERROR,
                  "'algorithm' is %s, but the key file says %s", m->given->algorithm->text,
                  m->file.algorithm->text);
        return NULL;
    }
    return m->from_file && !said ? m->file.algorithm : m->given->algorithm;
}

static int key_choose_name(const struct making *m, struct dns_name *out)
{
    bool said = setting_line(m->section, "name") != 0;
    struct dns_name name = m->given->name;
    if (said && name.len == 0)
        return DNS_EFORMAT; /* said already */
    if (!said && dns_name_from_text(m->section->label, &name) < 0) {
        if (!m->from_file)
            return place_say(key_place(m, "name"), CONFIG_ERROR,
                             "the label '%s' is no key name; give the name with 'name'",
                             m->section->label);
        name = m->file.name;
    }
    if (m->from_file && !dns_name_equal(&name, &m->file.name)) {
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
        minimum = m->from_file ? m->file.minimum_mac : 0;
    if (minimum != 0 &&
        (minimum < tsig_algorithm_least_mac(algorithm) || minimum > algorithm->mac_size))
        return place_say(key_place(m, "minimum-mac"), CONFIG_ERROR,
                         "the least MAC to accept with %s is from %zu to %u octets, not %u",
                         algorithm->text, tsig_algorithm_least_mac(algorithm),
                         (unsigned)algorithm->mac_size, minimum);
    *out = minimum;
    return 0;
}

static void key_warn_of_weakness(const struct making *m, const struct tsig_algorithm *algorithm)
{
    if (algorithm->weak)
        place_say(key_place(m, "algorithm"), CONFIG_WARNING,
                  "%s is weak; use it only with servers that have nothing better", algorithm->text);
    if (m->file.secret_len < algorithm->hash_size)
        place_say(key_place(m, m->given->secret ? "secret" : "secret-file"), CONFIG_WARNING,
                  "the secret of [key %s] has %zu octets; for %s it should have %u",
                  m->section->label, m->file.secret_len, algorithm->text,
                  (unsigned)algorithm->hash_size);
}

/* DNS_EFORMAT leaves the key zero, or with nothing but a name. */
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
    if (!algorithm)
        return DNS_EFORMAT;
    unsigned minimum = 0;
    if (key_choose_minimum(m, algorithm, &minimum) < 0 || secret < 0 || error < 0)
        return DNS_EFORMAT;
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
