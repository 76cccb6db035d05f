/* What a secret file may hold: a key that can be made, or a sentence that says why not. */
#include "tsig/key_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void check_file(const struct tsig_key_file *file)
{
    FUZZ_CHECK(file->secret_len > 0 && file->secret_len <= TSIG_SECRET_MAX);
    FUZZ_CHECK(file->name.len <= DNS_NAME_MAX);
    FUZZ_CHECK(!file->algorithm || tsig_algorithm_by_text(file->algorithm->text));
}

static void check_problem(const char *problem)
{
    size_t len = strnlen(problem, TSIG_KEY_FILE_PROBLEM_SIZE);

    FUZZ_CHECK(len > 0 && len < TSIG_KEY_FILE_PROBLEM_SIZE);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(isprint((unsigned char)problem[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct tsig_key_file file = {.secret_len = 0};
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE] = "";
    char *text = malloc(len + 1);

    FUZZ_CHECK(text);
    memcpy(text + 1, octets, len); /* no octet behind it is ours */
    if (tsig_key_file_read(text + 1, len, &file, problem) == 0)
        check_file(&file);
    else
        check_problem(problem);
    free(text);
    return 0;
}
