/* Files in a folder of the test's own. */
#include "base/seen.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test-seen-XXXXXX";
static struct seen seen;

static void begin(void)
{
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void end(void)
{
    char command[64];
    seen_fini(&seen);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(seen, .init = begin, .fini = end);

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    cr_assert(out);
    fputs(text, out);
    fclose(out);
}

static void move(const char *from, const char *to)
{
    cr_assert_eq(rename(from, to), 0);
}

static void read_expect(const char *path, int error)
{
    struct config_file file = {0};
    cr_expect_eq(seen_read(&seen, path, &file), error, "%s", path);
    free(file.text);
}

static void list_expect(const char *pattern, size_t expected)
{
    char **paths = NULL;
    size_t count = 0;
    cr_expect_eq(seen_list(&seen, pattern, &paths, &count), 0);
    cr_expect_eq(count, expected);
    files_free_list(paths, count);
}

static struct seen_change look(void)
{
    struct seen_change change;
    cr_assert_eq(seen_look(&seen, &change), 0);
    return change;
}

static void expect_change(const char *path)
{
    struct seen_change change = look();
    cr_assert(change.path, "no change of %s", path);
    cr_expect_str_eq(change.path, path);
}

static void expect_none(void)
{
    struct seen_change change = look();
    cr_expect_not(change.path, "%s", change.path);
}

Test(seen, what_is_read_is_what_the_configuration_gets)
{
    struct config_file file = {0};
    char **paths = NULL;
    size_t count = 0;
    write_file("b.ini", "two");
    write_file("a.ini", "one");
    cr_expect_eq(seen_read(&seen, "a.ini", &file), 0);
    cr_expect_str_eq(file.text, "one");
    free(file.text);
    cr_expect_eq(seen_list(&seen, "*.ini", &paths, &count), 0);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(paths[0], "a.ini");
    cr_expect_str_eq(paths[1], "b.ini");
    files_free_list(paths, count);
    expect_none();
}

Test(seen, other_octets_are_a_change_that_can_be_undone)
{
    write_file("a", "one");
    read_expect("a", 0);
    write_file("a", "two");
    expect_change("a");
    write_file("a", "one");
    expect_none();
}

Test(seen, another_file_with_the_same_octets_is_none)
{
    write_file("a", "one");
    read_expect("a", 0);
    write_file("new", "one");
    move("new", "a");
    expect_none();
}

Test(seen, octets_count_even_if_size_and_time_of_writing_stay)
{
    struct stat before;
    write_file("a", "one");
    read_expect("a", 0);
    cr_assert_eq(stat("a", &before), 0);
    write_file("a", "two");
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    cr_assert_eq(utimensat(AT_FDCWD, "a", times, 0), 0);
    expect_change("a");
}

Test(seen, a_settled_file_is_not_read_again)
{
    write_file("a", "one");
    read_expect("a", 0);
    memset(seen.entries[0].digest, 0, SEEN_DIGEST_SIZE);
    expect_change("a");
    seen.entries[0].stamp.settled = true;
    expect_none();
    write_file("a", "three");
    expect_change("a");
}

Test(seen, a_file_is_settled_when_nobody_has_written_to_it_just_now)
{
    write_file("a", "one");
    read_expect("a", 0);
    cr_expect_not(seen.entries[0].stamp.settled);
    read_expect("/etc/passwd", 0);
    cr_expect(seen.entries[1].stamp.settled);
}

Test(seen, a_file_comes_and_goes)
{
    read_expect("a", -ENOENT);
    expect_none();
    write_file("a", "one");
    expect_change("a");
    cr_assert_eq(unlink("a"), 0);
    expect_none();
    write_file("b", "one");
    read_expect("b", 0);
    cr_assert_eq(unlink("b"), 0);
    expect_change("b");
}

Test(seen, links_are_followed_wherever_they_lead)
{
    cr_assert_eq(mkdir("..1", 0700), 0);
    cr_assert_eq(mkdir("..2", 0700), 0);
    write_file("..1/k.key", "one");
    write_file("..2/k.key", "two");
    cr_assert_eq(symlink("..1", "..data"), 0);
    cr_assert_eq(symlink("..data/k.key", "k.key"), 0);
    read_expect("k.key", 0);
    seen.entries[0].stamp.settled = true;
    expect_none();
    cr_assert_eq(symlink("..2", "..tmp"), 0);
    move("..tmp", "..data");
    expect_change("k.key");
}

Test(seen, a_pattern_is_matched_anew)
{
    list_expect("conf.d/*.ini", 0);
    expect_none();
    cr_assert_eq(mkdir("conf.d", 0700), 0);
    expect_none();
    write_file("conf.d/other.txt", "x");
    expect_none();
    write_file("conf.d/a.ini", "x");
    expect_change("conf.d/*.ini");
}

Test(seen, two_looks_are_the_same_when_nothing_was_written_in_between)
{
    write_file("a", "one");
    read_expect("a", 0);
    struct seen_change none = look();
    write_file("a", "tw");
    struct seen_change half = look(), again = look();
    write_file("a", "two");
    struct seen_change whole = look();
    cr_expect(seen_is_same(&half, &again));
    cr_expect_not(seen_is_same(&half, &whole));
    cr_expect_not(seen_is_same(&none, &none));
    cr_expect_not(seen_is_same(&none, &half));
}

Test(seen, a_new_file_that_fits_a_pattern_may_be_half_written)
{
    list_expect("*.ini", 0);
    write_file("a.ini", "tw");
    struct seen_change half = look();
    write_file("a.ini", "two");
    struct seen_change whole = look(), again = look();
    cr_expect_not(seen_is_same(&half, &whole));
    cr_expect(seen_is_same(&whole, &again));
}

Test(seen, which_file_has_changed_counts)
{
    write_file("a", "one");
    write_file("b", "one");
    read_expect("a", 0);
    read_expect("b", 0);
    write_file("b", "two");
    expect_change("b");
    struct seen_change second = look();
    write_file("a", "two");
    write_file("b", "one");
    struct seen_change first = look();
    cr_expect_not(seen_is_same(&first, &second));
}

Test(seen, without_descriptors_nothing_can_be_told)
{
    struct seen_change change;
    int fds[64], count = 0;
    const struct rlimit few = {.rlim_cur = 32, .rlim_max = 32};
    write_file("a", "one");
    read_expect("a", 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < 64 && (fds[count] = dup(0)) >= 0)
        count++;
    cr_expect_eq(seen_look(&seen, &change), -EMFILE);
    while (count > 0)
        close(fds[--count]);
    expect_none();
}
