/* Tries what is asked for, and has a sentence for each reason why it cannot be had: whoever opens
 * it in earnest says the same by doors_forgive. */
#include "base/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/door.h"
#include "admin/http.h"
#include "base/confine.h"
#include "base/guise.h"
#include "base/holder.h"
#include "config/setting.h"

static const char *doors_default_control(void)
{
    return setting_find(SETTING_PROXY, "control")->initial;
}

/* The folder of a path, owned. NULL: no memory. */
static char *doors_folder(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy ? strdup(dirname(copy)) : NULL;
    free(copy);
    return folder;
}

void doors_make_room(const struct config *config)
{
    const char *name = config->proxy.user;
    const struct passwd *user = *name ? getpwnam(name) : NULL;
    if (geteuid() != 0 || strcmp(config->proxy.control, doors_default_control()) != 0)
        return;
    char *folder = doors_folder(config->proxy.control);
    /* One that is there belongs to who made it. */
    if (folder && mkdir(folder, 0755) == 0 && chmod(folder, 0755) == 0 && user &&
        chown(folder, user->pw_uid, user->pw_gid) < 0)
        rmdir(folder);
    free(folder);
}

static const struct config_section *doors_section(const struct config *config)
{
    for (size_t i = 0; i < config->section_count; i++)
        if (config->sections[i].kind == SETTING_PROXY)
            return &config->sections[i];
    return NULL;
}

static void doors_cure_control(FILE *out, const struct config *config, int error, pid_t holder)
{
    char *folder = doors_folder(config->proxy.control);
    const char *user = *config->proxy.user ? config->proxy.user : "root";
    if (error == -EADDRINUSE)
        fprintf(out,
                "another tsig-proxy, process %ld, runs with it; stop that one, or give this "
                "one a socket of its own",
                (long)holder);
    else if (error == -EEXIST)
        fputs("what stands there is no socket; move it away", out);
    else
        fprintf(out, "%s; install -d -o %s %s", confine_why(config->proxy.control, true, error),
                user, folder ? folder : "");
    free(folder);
}

static void doors_cure_busy_http(FILE *out, const struct config *config)
{
    struct holder h;
    if (holder_find(NULL, &config->proxy.http, true, &h) == HOLDER_OTHER && h.process > 0)
        fprintf(out, ": %s, process %ld, has it", h.name, (long)h.process);
    else
        fprintf(out, "; who has it says, as root, ss -ltnp sport = :%u", config->proxy.http.port);
    fputs("; give 'http' another port, or leave it empty", out);
}

static void doors_cure_http(FILE *out, const struct config *config, int error)
{
    fputs(strerror(-error), out);
    if (error == -EADDRINUSE)
        doors_cure_busy_http(out, config);
    else if (error == -EADDRNOTAVAIL)
        fputs("; it is no address of this host", out);
}

bool doors_forgive(FILE *out, const struct config *config, const char *setting, int error,
                   pid_t holder)
{
    const struct config_section *section = doors_section(config);
    unsigned line = section ? setting_line(section, setting) : 0;
    bool control = strcmp(setting, "control") == 0;
    char text[ADDRESS_TEXT_SIZE];
    if (line > 0)
        fprintf(out, "%s:%u: error: ", config->files[0], line);
    else
        fprintf(out, "%s: warning: ", config->files[0]);
    fprintf(out, "no %s at %s: ", control ? "control socket" : "HTTP",
            control ? config->proxy.control : address_to_text(&config->proxy.http, text));
    if (control)
        doors_cure_control(out, config, error, holder);
    else
        doors_cure_http(out, config, error);
    fputc('\n', out);
    return line == 0;
}

/* As it will be for `user`, who may not be us. */
static int doors_try_folder(const struct config *config)
{
    struct guise guise;
    char *folder = doors_folder(config->proxy.control);
    guise_put_on(&guise, config);
    int error = folder && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
    guise_take_off(&guise);
    /* Root makes it. */
    if (error == -ENOENT && geteuid() == 0 &&
        strcmp(config->proxy.control, doors_default_control()) == 0)
        error = 0;
    free(folder);
    return error;
}

static int doors_try_http(const struct config *config)
{
    int fd = http_bind(&config->proxy.http);
    if (fd >= 0)
        close(fd);
    struct holder h;
    bool ours =
        fd == -EADDRINUSE && holder_find(config, &config->proxy.http, true, &h) == HOLDER_OURS;
    return fd < 0 && !ours ? fd : 0;
}

bool doors_try(const struct config *config)
{
    pid_t holder = 0;
    int error = 0;
    bool good = true;
    if (*config->proxy.control) {
        error = door_try(config->proxy.control, &holder);
        if (error == -EADDRINUSE)
            return true;
        if (error == -ENOENT)
            error = doors_try_folder(config);
        if (error < 0)
            good = doors_forgive(stderr, config, "control", error, holder);
    }
    error = config->proxy.http.family != ADDRESS_NONE ? doors_try_http(config) : 0;
    if (error < 0)
        good &= doors_forgive(stderr, config, "http", error, 0);
    return good;
}
