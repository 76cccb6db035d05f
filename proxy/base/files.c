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

static int files_read_octets(FILE *in, struct config_file *out)
{
    struct stat st;
    if (fstat(fileno(in), &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
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
        free(text);
        return -EIO;
    }
    text[len] = '\0';
    *out =
        (struct config_file){.text = text, .len = len, .mode = st.st_mode & 0777, .uid = st.st_uid};
    return 0;
}

int files_read(const char *path, struct config_file *out)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return -errno;
    int error = files_read_octets(in, out);
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
    for (size_t i = 0; copy && i < copied; i++)
        free(copy[i]);
    free(copy);
    return -ENOMEM;
}

int files_list(const char *pattern, char ***paths, size_t *count)
{
    glob_t found = {0};
    files_glob_error = EIO;
    int result = glob(pattern, GLOB_NOSORT, on_glob_error, &found);
    int error = result == GLOB_NOSPACE ? -ENOMEM : result == GLOB_ABORTED ? -files_glob_error : 0;
    if (result == 0)
        error = files_copy(&found, paths, count);
    globfree(&found);
    return error;
}
