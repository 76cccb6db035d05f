#include "config/guess.h"

#include <criterion/criterion.h>
#include <string.h>

Test(guess, guesses_what_was_meant)
{
    static const struct {
        const char *word;
        const char *best;
    } cases[] = {
        {"adress", "address"},
        {"addresses", "address"},
        {"ADDRESS", "address"},
        {"form", NULL},
        {"fro", "from"},
        {"frm", "from"},
        {"kye", NULL},
        {"keys", "key"},
        {"key", "key"},
        {"log_level", "log-level"},
        {"", NULL},
        {"unrelated", NULL},
        {"adress-of-a-length-that-no-name-of-a-setting-can-have", NULL},
    };
    static const char *const words[] = {"key", "log-format", "log-level", "from", "address"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guess guess = {.word = cases[i].word};

        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++)
            guess_feed(&guess, words[j]);
        if (cases[i].best == NULL)
            cr_expect_null(guess.best, "%s: %s", cases[i].word, guess.best);
        else
            cr_expect(guess.best != NULL && strcmp(guess.best, cases[i].best) == 0, "%s: %s",
                      cases[i].word, guess.best ? guess.best : "nothing");
    }
}

Test(guess, guesses_the_first_of_equals)
{
    struct guess guess = {.word = "form"};

    guess_feed(&guess, "forms");
    guess_feed(&guess, "forma");
    cr_expect_str_eq(guess.best, "forms");
}
