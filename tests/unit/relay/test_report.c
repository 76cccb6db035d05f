#include "relay/report.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(relay_report);

/* Small letters and digits, joined by hyphens: a word for a log, a metric and a manual. */
static bool is_word(const char *text)
{
    return text && *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static const char *word_of(unsigned i)
{
    return i < EVENT_TYPES ? report_type_word(i) : report_result_word(i - EVENT_TYPES);
}

Test(relay_report, each_type_and_each_result_has_one_word_of_its_own)
{
    for (unsigned i = 0; i < EVENT_TYPES + RESULTS; i++) {
        cr_assert(is_word(word_of(i)), "%u", i);
        for (unsigned j = i < EVENT_TYPES ? 0 : EVENT_TYPES; j < i; j++)
            cr_expect_str_neq(word_of(i), word_of(j), "%s twice", word_of(i));
    }
}

static char *manual(void)
{
    static char text[1 << 17];
    FILE *in = fopen(TSIG_PROXY_SOURCE_DIR "/etc/man/tsig-proxy-log.5", "r");
    cr_assert_not_null(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

Test(relay_report, the_manual_page_explains_each_word)
{
    const char *text = manual();
    for (unsigned i = 0; i < EVENT_TYPES + RESULTS; i++) {
        char tag[64];
        snprintf(tag, sizeof tag, "\n.It Cm %s\n", word_of(i));
        cr_expect_not_null(strstr(text, tag), "etc/man/tsig-proxy-log.5 does not explain '%s'",
                           word_of(i));
    }
}

Test(relay_report, advice_is_a_sentence_without_a_full_stop)
{
    for (unsigned i = 0; i < RESULTS; i++) {
        const char *advice = report_result_advice(i);
        cr_expect(!advice || (strlen(advice) > 10 && advice[strlen(advice) - 1] != '.'), "%s",
                  report_result_word(i));
    }
}
