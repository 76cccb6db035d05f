/* A rule is about a folder and all below it, so that a file which is written anew, by way of
 * another name, is still one that may be read. What is named by way of a link has two folders: that
 * of the link, and that of what it leads to now. */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Younger than Debian 12's headers. */
#define FENCE_TRUNCATE      (UINT64_C(1) << 14)
#define FENCE_SCOPE_SOCKETS (UINT64_C(1) << 0)

#define FENCE_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* The control socket and its lock come and go. */
#define FENCE_WRITE                                                                                \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FENCE_TRUNCATE |               \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)

/* The kernel's; what it does not know yet is zero. */
struct fence_handled {
    uint64_t files, ports, scopes;
};

/* What libraries look at later: this process, and how many processors it has. */
static const char *const fence_always[] = {
    "/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup",
#ifdef TSIG_PROXY_SANITIZED
    "/usr", /* symbols for a report */
    "/lib",
#endif
};

#define FENCE_ALWAYS (sizeof fence_always / sizeof *fence_always)

int fence_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

/* Each version knows more of them than the one before. */
static uint64_t fence_files_of(int version)
{
    static const unsigned known[] = {13, 14, 15, 15, 16};
    int last = sizeof known / sizeof *known;
    return (UINT64_C(1) << known[(version < last ? version : last) - 1]) - 1;
}

static bool fence_has(const struct fence *fence, const char *path, bool writable)
{
    for (size_t i = 0; i < fence->count; i++)
        if (fence->folders[i].writable == writable && strcmp(fence->folders[i].path, path) == 0)
            return true;
    return false;
}

/* Takes `real`. */
static int fence_keep(struct fence *fence, char *real, bool writable)
{
    if (fence_has(fence, real, writable)) {
        free(real);
        return 0;
    }
    if (fence->count == fence->size) {
        size_t size = fence->size ? 2 * fence->size : 16;
        struct fence_folder *grown = reallocarray(fence->folders, size, sizeof *grown);
        if (!grown) {
            free(real);
            return -ENOMEM;
        }
        fence->folders = grown;
        fence->size = size;
    }
    fence->folders[fence->count++] = (struct fence_folder){real, writable};
    return 0;
}

/* A folder that is not there, or that nobody lets us see, could not be read anyway. */
static int fence_add(struct fence *fence, const char *folder, bool writable)
{
    errno = 0;
    char *real = realpath(folder, NULL);
    if (real)
        return fence_keep(fence, real, writable);
    return errno == ENOMEM ? -ENOMEM : 0;
}

static int fence_add_folder_of(struct fence *fence, const char *path, bool writable)
{
    char *copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    int error = fence_add(fence, dirname(copy), writable);
    free(copy);
    return error;
}

/* Up to the first folder that is not named outright. */
static int fence_add_pattern(struct fence *fence, const char *pattern)
{
    char *copy = strndup(pattern, strcspn(pattern, "*?["));
    if (!copy)
        return -ENOMEM;
    int error = fence_add_folder_of(fence, *copy ? copy : ".", false);
    free(copy);
    return error;
}

static int fence_add_file(struct fence *fence, const char *path)
{
    struct stat found;
    int error = fence_add_folder_of(fence, path, false);
    if (error < 0 || lstat(path, &found) < 0 || !S_ISLNK(found.st_mode))
        return error;
    char *real = realpath(path, NULL);
    error = real ? fence_add_folder_of(fence, real, false) : 0;
    free(real);
    return error;
}

static int fence_gather(struct fence *fence, const struct config *config, const struct seen *seen)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    int error = 0;
    for (size_t i = 0; i < FENCE_ALWAYS && error == 0; i++)
        error = fence_add(fence, fence_always[i], false);
    for (size_t i = 0; i < seen->count && error == 0; i++)
        error = seen->entries[i].is_pattern ? fence_add_pattern(fence, seen->entries[i].path)
                                            : fence_add_file(fence, seen->entries[i].path);
#ifdef TSIG_PROXY_SANITIZED
    if (error == 0)
        error = fence_add_file(fence, "/proc/self/exe");
#endif
    if (error == 0 && credentials)
        error = fence_add(fence, credentials, false);
    if (error == 0 && *config->proxy.control)
        error = fence_add_folder_of(fence, config->proxy.control, true);
    return error;
}

static int fence_allow(int rules, const struct fence_folder *folder, uint64_t known)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = (folder->writable ? FENCE_WRITE : FENCE_READ) & known,
        .parent_fd = open(folder->path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0)
        return 0;
    long result = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int error = result < 0 ? -errno : 0;
    close(rule.parent_fd);
    return error;
}

static int fence_enforce(const struct fence *fence, int version)
{
    struct fence_handled handled = {.files = fence_files_of(version)};
    if (version >= 6 && !fence->speaks_abstract)
        handled.scopes = FENCE_SCOPE_SOCKETS;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    int error = rules < 0 ? -errno : 0;
    for (size_t i = 0; i < fence->count && error == 0; i++)
        error = fence_allow(rules, &fence->folders[i], handled.files);
    if (error == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        error = -errno;
    if (rules >= 0)
        close(rules);
    return error;
}

int fence_raise(struct fence *fence, const struct config *config, const struct seen *seen)
{
    int version = fence_version();
    if (version == 0)
        return -EOPNOTSUPP;
    int error = fence_gather(fence, config, seen);
    if (error == 0)
        error = fence_enforce(fence, version);
    if (error == 0)
        fence->version = version;
    return error;
}

static bool fence_is_within(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    bool root = len == 1;
    return strncmp(path, folder, len) == 0 && (root || path[len] == '/' || !path[len]);
}

/* What is not there yet will be in its folder. */
static char *fence_find(const char *path)
{
    char *real = realpath(path, NULL);
    char *copy = real ? NULL : strdup(path);
    if (copy)
        real = realpath(dirname(copy), NULL);
    free(copy);
    return real;
}

bool fence_keeps_from(const struct fence *fence, const char *path, bool writing)
{
    char *real = fence->version > 0 ? fence_find(path) : NULL;
    bool keeps = real;
    for (size_t i = 0; i < fence->count && keeps; i++)
        if (fence->folders[i].writable == writing && fence_is_within(real, fence->folders[i].path))
            keeps = false;
    free(real);
    return keeps;
}

void fence_fini(struct fence *fence)
{
    for (size_t i = 0; i < fence->count; i++)
        free(fence->folders[i].path);
    free(fence->folders);
    *fence = (struct fence){0};
}
