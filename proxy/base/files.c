/* Reads files as the configuration wants them, and tells when one may have changed. What a link
 * leads to is told by device and inode, so nobody need ask for its path. */
#include "base/files.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

/* No file is longer: three million zones. */
#define FILES_MAX (64u << 20)

/* Seconds, well above those in which any file system counts. */
#define FILES_SETTLED 2

static struct files_stamp files_stamp_of(const struct stat *st)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct files_stamp){
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = st->st_size,
        .written = st->st_mtim,
        .changed = st->st_ctim,
        .settled = now.tv_sec - st->st_ctim.tv_sec > FILES_SETTLED,
    };
}

static int files_read_octets(FILE *in, struct config_file *out, struct files_stamp *stamp)
{
    struct stat st;
    if (fstat(fileno(in), &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    *stamp = files_stamp_of(&st);
    size_t size = 4096, len = 0;
    char *text = malloc(size);
    while (text && !feof(in) && !ferror(in)) {
        len += fread(text + len, 1, size - 1 - len, in);
        if (len < size - 1)
            continue;
        char *larger = size < FILES_MAX ? malloc(size * 2) : NULL;
        if (larger)
            memcpy(larger, text, len);
        OPENSSL_cleanse(text, size);
        free(text);
        text = larger;
        size *= 2;
    }
    if (!text)
        return size >= FILES_MAX ? -EFBIG : -ENOMEM;
    if (ferror(in)) {
        OPENSSL_cleanse(text, len);
        free(text);
        return -EIO;
    }
    text[len] = '\0';
    *out =
        (struct config_file){.text = text, .len = len, .mode = st.st_mode & 0777, .uid = st.st_uid};
    return 0;
}

int files_read(const char *path, struct config_file *out, struct files_stamp *stamp)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    /* No buffer that would keep a secret. */
    setvbuf(in, NULL, _IONBF, 0);
    int error = files_read_octets(in, out, stamp);
    fclose(in);
    return error;
}

static _Thread_local int files_glob_error;

/* A folder that is not there has nothing that fits; any other that cannot be read may. */
static int on_glob_error(const char *path, int error)
{
    (void)path;
    if (error == ENOENT || error == ENOTDIR)
        return 0;
    files_glob_error = error;
    return 1;
}

void files_free_list(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

static int files_copy(const glob_t *found, char ***paths, size_t *count)
{
    char **copy = calloc(found->gl_pathc + 1, sizeof *copy);
    size_t copied = 0;
    while (copy && copied < found->gl_pathc && (copy[copied] = strdup(found->gl_pathv[copied])))
        copied++;
    if (copy && copied == found->gl_pathc) {
        *paths = copy;
        *count = copied;
        return 0;
    }
    files_free_list(copy, copied);
    return -ENOMEM;
}

int files_list(const char *pattern, char ***paths, size_t *count)
{
    glob_t found = {0};
    files_glob_error = EIO;
    int result = glob(pattern, 0, on_glob_error, &found);
    int error = result == GLOB_NOSPACE ? -ENOMEM : result == GLOB_ABORTED ? -files_glob_error : 0;
    if (result == 0)
        error = files_copy(&found, paths, count);
    globfree(&found);
    return error;
}

int files_stamp(const char *path, struct files_stamp *out)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    *out = files_stamp_of(&st);
    return 0;
}

static bool files_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool files_same(const struct files_stamp *a, const struct files_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           files_same_time(&a->written, &b->written) && files_same_time(&a->changed, &b->changed);
}
