/* Files as a configuration names them. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "config/config.h"

/* A file whole, and the paths that fit a pattern: what struct config_files wants of its members. */
int files_read(const char *path, struct config_file *out) MUST_CHECK;
int files_list(const char *pattern, char ***paths, size_t *count) MUST_CHECK;

#endif
