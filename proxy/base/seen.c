/* An entry is compared with what a reading would find now: the same error, or octets with the same
 * digest. Whatever differs goes into the digest of the change, with what fits a pattern and was
 * not there before, so that two looks find one change only when nobody has written in between. */
#include "base/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Several things as one digest. */
static EVP_MD_CTX *seen_digest_begin(void)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1)
        return digest;
    EVP_MD_CTX_free(digest);
    return NULL;
}

static int seen_digest_end(EVP_MD_CTX *digest, int error, unsigned char out[SEEN_DIGEST_SIZE])
{
    if (error == 0 && EVP_DigestFinal_ex(digest, out, NULL) != 1)
        error = -ENOMEM;
    EVP_MD_CTX_free(digest);
    return error;
}

/* With its end, so that no two things look like one. */
static int seen_add_path(EVP_MD_CTX *digest, const char *path)
{
    return EVP_DigestUpdate(digest, path, strlen(path) + 1) == 1 ? 0 : -ENOMEM;
}

static int seen_add_result(EVP_MD_CTX *digest, const struct seen_entry *e)
{
    if (EVP_DigestUpdate(digest, &e->error, sizeof e->error) == 1 &&
        EVP_DigestUpdate(digest, e->digest, sizeof e->digest) == 1)
        return 0;
    return -ENOMEM;
}

static bool seen_is_ours(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

static void seen_release_file(struct config_file *file)
{
    if (file->text)
        OPENSSL_cleanse(file->text, file->len);
    free(file->text);
    file->text = NULL;
}

/* Fills in all but the path. Returns less than 0 when it cannot be told; else `file` is to be
 * released, unless there was an error. */
static int seen_take_file(struct seen_entry *e, const char *path, struct config_file *file)
{
    e->error = files_read(path, file, &e->stamp);
    if (seen_is_ours(e->error))
        return e->error;
    if (e->error == 0 &&
        EVP_Digest(file->text, file->len, e->digest, NULL, EVP_sha256(), NULL) != 1) {
        seen_release_file(file);
        return -ENOMEM;
    }
    return 0;
}

static int seen_take_paths(struct seen_entry *e, char *const *paths, size_t count)
{
    EVP_MD_CTX *digest = seen_digest_begin();
    if (!digest)
        return -ENOMEM;
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = seen_add_path(digest, paths[i]);
    return seen_digest_end(digest, error, e->digest);
}

static int seen_take_pattern(struct seen_entry *e, const char *pattern, char ***paths,
                             size_t *count)
{
    e->error = files_list(pattern, paths, count);
    if (seen_is_ours(e->error))
        return e->error;
    int error = e->error == 0 ? seen_take_paths(e, *paths, *count) : 0;
    if (error < 0)
        files_free_list(*paths, *count);
    return error;
}

/* The entry becomes one of the list. */
static int seen_add(struct seen *seen, struct seen_entry *e, const char *path)
{
    if (seen->count == seen->size) {
        size_t size = seen->size ? 2 * seen->size : 16;
        struct seen_entry *grown = realloc(seen->entries, size * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        seen->entries = grown;
        seen->size = size;
    }
    e->path = strdup(path);
    if (!e->path)
        return -ENOMEM;
    seen->entries[seen->count++] = *e;
    return 0;
}

int seen_read(struct seen *seen, const char *path, struct config_file *out)
{
    struct seen_entry e = {0};
    int error = seen_take_file(&e, path, out);
    if (error < 0)
        return error;
    error = seen_add(seen, &e, path);
    if (error < 0 && e.error == 0)
        seen_release_file(out);
    return error < 0 ? error : e.error;
}

int seen_list(struct seen *seen, const char *pattern, char ***paths, size_t *count)
{
    struct seen_entry e = {.is_pattern = true};
    int error = seen_take_pattern(&e, pattern, paths, count);
    if (error < 0)
        return error;
    error = seen_add(seen, &e, pattern);
    if (error < 0 && e.error == 0)
        files_free_list(*paths, *count);
    return error < 0 ? error : e.error;
}

static bool seen_is_unchanged(const struct seen_entry *e)
{
    struct files_stamp now;
    return e->error == 0 && e->stamp.settled && files_stamp(e->path, &now) == 0 &&
           files_same(&now, &e->stamp);
}

static bool seen_is_equal(const struct seen_entry *a, const struct seen_entry *b)
{
    return a->error == b->error && memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

/* What is there now goes into the digest. */
static int seen_note(EVP_MD_CTX *digest, struct seen_change *change,
                     const struct seen_entry *before, const struct seen_entry *now)
{
    if (!change->path)
        change->path = before->path;
    int error = seen_add_path(digest, before->path);
    return error < 0 ? error : seen_add_result(digest, now);
}

static int seen_look_at_file(struct seen_entry *e, EVP_MD_CTX *digest, struct seen_change *change)
{
    struct seen_entry now = {0};
    struct config_file file = {0};
    if (seen_is_unchanged(e))
        return 0;
    int error = seen_take_file(&now, e->path, &file);
    if (error < 0)
        return error;
    seen_release_file(&file);
    if (!seen_is_equal(e, &now))
        return seen_note(digest, change, e, &now);
    e->stamp = now.stamp;
    return 0;
}

/* A file that no reading has seen is part of the change with its octets. */
static int seen_note_paths(EVP_MD_CTX *digest, char *const *paths, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        struct seen_entry now = {0};
        struct config_file file = {0};
        error = seen_take_file(&now, paths[i], &file);
        if (error == 0)
            error = seen_add_result(digest, &now);
        seen_release_file(&file);
    }
    return error;
}

static int seen_look_at_pattern(const struct seen_entry *e, EVP_MD_CTX *digest,
                                struct seen_change *change)
{
    struct seen_entry now = {0};
    char **paths = NULL;
    size_t count = 0;
    int error = seen_take_pattern(&now, e->path, &paths, &count);
    if (error < 0)
        return error;
    if (!seen_is_equal(e, &now)) {
        error = seen_note(digest, change, e, &now);
        if (error == 0)
            error = seen_note_paths(digest, paths, count);
    }
    files_free_list(paths, count);
    return error;
}

int seen_look(struct seen *seen, struct seen_change *out)
{
    EVP_MD_CTX *digest = seen_digest_begin();
    if (!digest)
        return -ENOMEM;
    out->path = NULL;
    int error = 0;
    for (size_t i = 0; i < seen->count && error == 0; i++) {
        struct seen_entry *e = &seen->entries[i];
        error = e->is_pattern ? seen_look_at_pattern(e, digest, out)
                              : seen_look_at_file(e, digest, out);
    }
    return seen_digest_end(digest, error, out->digest);
}

bool seen_is_same(const struct seen_change *a, const struct seen_change *b)
{
    return a->path && b->path && memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

void seen_fini(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->entries[i].path);
    free(seen->entries);
    *seen = (struct seen){0};
}
