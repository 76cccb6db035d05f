/* Runs the tests of a program that is linked with this instead of Criterion, whose own runner maps
 * memory where ThreadSanitizer has its own. It knows as much of Criterion as the tests use: each test
 * in a child of its own, the fixtures of its suite and its own, and what tests/results.py reads. */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The linker's names for both ends of what Test() and TestSuite() put into sections of their own. */
extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[], *__stop_cr_sts[];

struct criterion_options criterion_options;

static struct {
    const struct criterion_test *test; /* the one that runs here */
    bool failed;
} runner;

static const struct criterion_test_extra_data *runner_suite(const struct criterion_test *test)
{
    static const struct criterion_test_extra_data none;
    for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++)
        if (*s && strcmp((*s)->name, test->category) == 0)
            return (*s)->data;
    return &none;
}

/* --- what the tests call ------------------------------------------------------------------------ */

void criterion_internal_test_setup(void)
{
    const struct criterion_test_extra_data *suite = runner_suite(runner.test);
    if (suite->init)
        suite->init();
    if (runner.test->data->init)
        runner.test->data->init();
}

void criterion_internal_test_main(void (*test)(void))
{
    test();
}

void criterion_internal_test_teardown(void)
{
    const struct criterion_test_extra_data *suite = runner_suite(runner.test);
    if (runner.test->data->fini)
        runner.test->data->fini();
    if (suite->fini)
        suite->fini();
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (!stats->passed)
        fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void criterion_continue_test(void)
{
    runner.failed = true;
}

void criterion_abort_test(void)
{
    exit(EXIT_FAILURE);
}

void cri_asserts_passed_incr(void)
{
}

char *cr_translate_assert_msg(int number, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, number);
    if (asprintf(&text, "not true: %s", va_arg(arguments, const char *)) < 0)
        abort();
    va_end(arguments);
    return text;
}

int cr_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(text, format, arguments);
    va_end(arguments);
    return len;
}

void cr_asprintf_free(char *text)
{
    free(text);
}

void cr_log(enum criterion_severity severity, const char *format, ...)
{
    (void)severity;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* --- running ------------------------------------------------------------------------------------ */

/* A sanitizer that has spoken changes the status at exit. */
static bool runner_passes(const struct criterion_test *test, unsigned seconds)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        runner.test = test;
        alarm(seconds);
        test->test();
        exit(runner.failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    int status = -1;
    waitpid(child, &status, 0);
    if (status != 0)
        fprintf(stderr, "%s/%s: status %#x\n", test->category, test->name, (unsigned)status);
    return status == 0;
}

static bool runner_wants(const struct criterion_test *test, const char *pattern)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->category, test->name);
    return fnmatch(pattern, name, 0) == 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"timeout", required_argument, NULL, 't'},
                                            {"tap", required_argument, NULL, 'o'},
                                            {"filter", required_argument, NULL, 'f'},
                                            {0}};
    const char *pattern = "*";
    FILE *tap = stdout;
    unsigned seconds = 60, count = 0, failed = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'o')
            tap = fopen(optarg, "w");
        else if (option == 'f')
            pattern = optarg;
        else if (option == 't')
            seconds = (unsigned)atoi(optarg);
        else
            return EXIT_FAILURE;
    }
    if (!tap)
        return EXIT_FAILURE;
    for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
        if (!*t || !runner_wants(*t, pattern))
            continue;
        bool passed = runner_passes(*t, seconds);
        fprintf(tap, "%s - %s::%s\n", passed ? "ok" : "not ok", (*t)->category, (*t)->name);
        count++;
        failed += !passed;
    }
    fprintf(tap, "1..%u\n", count);
    fprintf(stderr, "%u tests, %u failed\n", count, failed);
    return failed || fclose(tap) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
