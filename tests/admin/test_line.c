/* Lines of the log, and a reader of them that stalls. */
#include "admin/line.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/output.h"

static int reader = -1;
static char text[1 << 20];

/* Standard error becomes a pipe that nobody reads yet. */
static void begin(void)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
    signal(SIGPIPE, SIG_IGN);
}

/* What was written up to now, behind the first `len` octets of the text. */
static const char *take_more(size_t len)
{
    struct pollfd readable = {.fd = reader, .events = POLLIN};
    while (poll(&readable, 1, 0) == 1 && readable.revents & POLLIN) {
        ssize_t more = read(reader, text + len, sizeof text - len - 1);
        cr_assert_gt(more, 0);
        len += (size_t)more;
    }
    text[len] = '\0';
    return text;
}

static const char *take(void)
{
    return take_more(0);
}

/* Lines about it. */
static unsigned count(const char *log, const char *what)
{
    unsigned found = 0;
    for (const char *c = log; (c = strstr(c, what)); c++)
        found++;
    return found;
}

static void say(const char *event)
{
    line_say(LOG_NOTICE, event, "key", "value with \"quotes\"", NULL);
}

TestSuite(line, .init = begin, .timeout = 20);

Test(line, is_pairs)
{
    say("hello");
    cr_assert(strstr(take(), " level=notice event=hello key=\"value with \\\"quotes\\\"\"\n"));
}

Test(line, reader_that_stalls_costs_lines_which_are_counted)
{
    for (int i = 0; i < 1000; i++)
        say("many");
    unsigned written = count(take(), "event=many");
    cr_assert_gt(written, 10);
    cr_assert_lt(written, 1000);
    say("next");
    char dropped[64];
    snprintf(dropped, sizeof dropped, " level=warning event=dropped lines=%u\n", 1000 - written);
    const char *log = take();
    const char *told = strstr(log, dropped);
    cr_assert(told, "%s", log);
    cr_assert(strstr(told, "event=next"));
    say("last");
    cr_assert_eq(count(take(), "event="), 1);
}

static void *take_late(void *arg)
{
    (void)arg;
    take();
    return NULL;
}

Test(line, whoever_can_wait_loses_nothing)
{
    pthread_t late;
    begin();
    for (unsigned i = 0; i < 10000; i++)
        say("flood");
    cr_expect_not(output_wait(STDERR_FILENO, 1), "nobody reads");
    cr_assert_eq(pthread_create(&late, NULL, take_late, NULL), 0);
    cr_expect(output_wait(STDERR_FILENO, 10000));
    pthread_join(late, NULL);
}

Test(line, what_was_lost_is_told_as_json_too)
{
    line_configure(LOG_INFO, LOG_FORMAT_JSON);
    for (int i = 0; i < 1000; i++)
        say("many");
    unsigned written = count(take(), "\"event\":\"many\"");
    char dropped[64];
    snprintf(dropped, sizeof dropped, "\"event\":\"dropped\",\"lines\":%u}\n", 1000 - written);
    say("next");
    cr_assert(strstr(take(), dropped));
}

/* A path may have octets of any kind. */
Test(line, value_that_is_no_utf8_is_there_as_json_all_the_same)
{
    line_configure(LOG_INFO, LOG_FORMAT_JSON);
    line_say(LOG_NOTICE, "started", "config", "/etc/caf\xe9.ini", NULL);
    cr_assert(strstr(take(), "\"config\":\"/etc/caf?.ini\""), "%s", text);
}

Test(line, long_value_is_cut_so_that_the_line_leaves_whole)
{
    static char name[20000];
    for (enum config_log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
        struct line line;
        line_configure(LOG_INFO, format);
        line_begin(&line, LOG_INFO, "long");
        memset(name, format == LOG_FORMAT_JSON ? '\x01' : '\\', sizeof name - 1);
        for (int i = 0; i < LINE_FIELDS_MAX; i++)
            line_add(&line, "zone", name);
        line_end(&line);
        const char *log = take();
        cr_assert(strstr(log, "long"));
        cr_assert_leq(strlen(log), OUTPUT_MAX);
        cr_assert_eq(log[strlen(log) - 1], '\n');
    }
}

Test(line, one_long_value_keeps_its_beginning)
{
    static char name[5000];
    memset(name, 'x', sizeof name - 1);
    line_say(LOG_INFO, "long", "zone", name, "result", "ok", NULL);
    const char *log = take();
    cr_assert(strstr(log, "xxxxxxxx... result=ok\n"));
    cr_assert_gt(strlen(log), 1000);
}

Test(line, reader_that_has_gone_is_survived)
{
    close(reader);
    for (int i = 0; i < 10; i++)
        say("lost");
    begin();
    say("next");
    cr_assert(strstr(take(), "event=dropped lines=10\n"));
}

Test(line, full_disk_is_survived)
{
    int full = open("/dev/full", O_WRONLY);
    int pipe_end = dup(STDERR_FILENO);
    cr_assert_geq(dup2(full, STDERR_FILENO), 0);
    say("lost");
    cr_assert_geq(dup2(pipe_end, STDERR_FILENO), 0);
    say("next");
    cr_assert(strstr(take(), "event=dropped lines=1\n"));
}

Test(line, file_takes_every_line)
{
    FILE *file = tmpfile();
    cr_assert(file);
    cr_assert_geq(dup2(fileno(file), STDERR_FILENO), 0);
    for (int i = 0; i < 2000; i++)
        say("many");
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    cr_assert_eq(count(text, "event=many"), 2000);
}

static void *say_many(void *arg)
{
    for (int i = 0; i < 1000; i++)
        say("many");
    return arg;
}

/* While a slow reader lets some through: what is lost is counted, what is written is whole. */
Test(line, threads_lose_no_count)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    size_t len = 0;
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, say_many, NULL), 0);
    for (int i = 0; i < 50; i++) {
        ssize_t more = read(reader, text + len, 1000);
        cr_assert_gt(more, 0);
        len += (size_t)more;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    take_more(len);
    say("many");
    take_more(strlen(text));
    unsigned long long dropped = 0;
    for (const char *c = text; (c = strstr(c, "event=dropped lines=")); c++)
        dropped += strtoull(c + strlen("event=dropped lines="), NULL, 10);
    cr_assert_eq(count(text, "event=many key=\"value with \\\"quotes\\\"\"\n") + dropped,
                 THREADS * 1000 + 1);
}
