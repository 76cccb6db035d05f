/* Configurations read with little memory: whole, or not at all, and nothing said that is not so. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"
#include "relay/relay.h"
#include "story.h"

#define FINDINGS_SIZE 8192

/* Every kind of section and setting. The third key has its name from the file alone. */
static const char good[] =
    "[proxy]\ninclude = more/*.ini, /etc/t/bind.i*\nlisten = 192.0.2.53, "
    "2001:db8::53@5353\ntransparent = no\nworkers = 1\n"
    "user = nobody\ncontrol =\nhttp =\nlog-level = debug\n"
    "log-format = json\nfudge = 200\nconnect-timeout = 4\nanswer-timeout = 6\n"
    "progress-timeout = 60\nidle-timeout = 20\ndrain-timeout = 10\n"
    "[key k]\nsecret-file = k.key\nalgorithm = hmac-sha256\nminimum-mac = 16\n"
    "[key other]\nname = Other.Example\nsecret = " CONFIG_FIXTURE_SECRET "\n"
    "[key b..nd]\nsecret-file = /etc/t/bind.key\n"
    "[primary hq]\naddress = 10.0.0.1, 10.0.0.2@5353\nfrom = 10.1.0.0/16\nlisten = 198.51.100.1\n"
    "source = 198.51.100.9, 2001:db8::9\nkey = k, other\ntransport = tcp\nedns = strip\n"
    "unsigned-notify = accept\n"
    "[primary spare]\naddress = 10.0.0.3\n"
    "[secondary one]\naddress = 192.0.2.1, 2001:db8::1\nfrom = 192.0.2.0/28, 2001:db8:1::/48\n"
    "listen = 198.51.100.2\nsource = 198.51.100.8\nkey = other, b..nd\nprimary = hq, spare\n"
    "zones = example.com, *.example.net\nzones = example.org\nzones-file = z.txt\nallow = soa, "
    "axfr, ixfr, notify, "
    "query, update\n"
    "mode = enforce\nunknown-key = refuse\nother = refuse\ntransport = same\nedns = pass\n"
    "[secondary two]\naddress = 192.0.2.20\nprimary = spare\nunknown-key = pass\n";

static const char shorter[] = "[key other]\nsecret-file = k.key\n[key new]\nsecret-file = k.key\n"
                              "[primary hq]\naddress = 10.0.0.1\n[secondary one]\n"
                              "address = 192.0.2.1\nkey = other, new\n";

static const char included[] =
    "[key in]\nsecret-file = /etc/t/k.key\n[secondary in]\naddress = 192.0.2.40\nkey = in\n"
    "primary = spare\nzones = in.example\n";
static const char included_bad[] = "late = yes\n[proxy]\n[key K]\nsecret-file = gone.key\nx = y\n";

static const char bad[] =
    "early = yes\n[proxi]\nlisten = ::\n[proxy]\ninclude = bad/*, locked/*\nlisten = 0.0.0.0, "
    "nowhere,, 0.0.0.0\nworkers = 0\n"
    "user =\nlog-level = loud\ntransparent = perhaps\nfudge = 3\nfudge = 4\ncolour = red\n"
    "[key k]\nsecret-file = gone.key\nalgorithm = rot13\n[key k]\nsecret = ====\n"
    "[key l]\n[key m]\nsecret-file = bind.key\n[key n]\nsecret = AQID\nminimum-mac = 60\n"
    "[primary]\n[primary hq]\naddress = 10.0.0.1, 10.0.0.1\nfrom = 10.0.0.1/8\n"
    "source = 10.0.0.9, 10.0.0.8\nkey = kk, k, K\n[primary b]\nunsigned-notify = accept\n"
    "[secondary hq]\naddress = 10.0.0.5\n[secondary one]\naddress = 0.0.0.0\nkey = x\n"
    "zones = a..b, *, *\nzones = b.c, *\nzones-file = bad/z.txt\nallow = soa, all\nprimary = "
    "hw\nmode = "
    "observe\nnonsense\n[half\n";

static char wanted[FINDINGS_SIZE]; /* what is to be said, as it was said with memory for all */
static struct config *before;

static void init(void)
{
    config_fixture_file("/etc/t/bind.key",
                        "key bind.example { algorithm hmac-sha512; secret AQID; };\n", 0644);
    config_fixture_file("/etc/t/more/a.ini", included, 0640);
    config_fixture_file("/etc/t/z.txt", "# zones\nb.example ; one\n\n*.c.example\n", 0640);
    config_fixture_file("/etc/t/bad/z.txt", "b.c\nd..e\n", 0666);
    config_fixture_file("/etc/t/bad/b.ini", included_bad, 0666);
    config_fixture_file("/etc/t/bad/a.ini", included_bad, 0640);
}

TestSuite(config, .init = init);

static void read_findings(char out[FINDINGS_SIZE])
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < config_fixture_report.count; i++) {
        const struct config_finding *f = &config_fixture_report.findings[i];
        len += (size_t)snprintf(out + len, FINDINGS_SIZE - len, "%s:%u: %d: %s\n", f->file, f->line,
                                (int)f->severity, f->text);
        cr_assert_lt(len, FINDINGS_SIZE);
    }
}

/* A file for which there was no memory is told of as one that cannot be read. */
static bool is_of_memory(const char *text)
{
    return strstr(text, "Cannot allocate memory");
}

/* Unless a file could not be read, all that is said would also be said with more memory. */
static void expect_nothing_invented(void)
{
    for (size_t i = 0; i < config_fixture_report.count; i++) {
        const struct config_finding *f = &config_fixture_report.findings[i];
        cr_assert(strstr(wanted, f->text), "invented: %u: %s", f->line, f->text);
    }
}

static void expect_same_peer(const struct peer *a, const struct peer *b)
{
    cr_assert_str_eq(a->name, b->name);
    cr_assert_eq(a->address.count, b->address.count);
    cr_assert_eq(a->from_count, b->from_count);
    cr_assert_eq(a->listen.count, b->listen.count);
    cr_assert_eq(a->source.count, b->source.count);
    cr_assert_eq(a->keyring.count, b->keyring.count);
    cr_assert_eq(a->primary_count, b->primary_count);
    cr_assert_eq(a->zone_count, b->zone_count);
    cr_assert_eq(a->allow, b->allow);
    for (size_t i = 0; i < a->zone_count; i++) {
        cr_assert_eq(a->zones[i].kind, b->zones[i].kind);
        cr_assert_eq(a->zones[i].len, b->zones[i].len);
        cr_assert_arr_eq(a->zones[i].octets, b->zones[i].octets, a->zones[i].len);
    }
    for (size_t i = 0; i < a->address.count; i++)
        cr_assert(address_equal(&a->address.items[i], &b->address.items[i]));
}

static void expect_same(const struct config *a, const struct config *b)
{
    cr_assert_eq(a->section_count, b->section_count);
    cr_assert_eq(a->key_count, b->key_count);
    cr_assert_eq(a->peer_count, b->peer_count);
    cr_assert_eq(a->proxy.listen.count, b->proxy.listen.count);
    cr_assert_str_eq(a->proxy.user, b->proxy.user);
    cr_assert_str_eq(a->proxy.control, b->proxy.control);
    for (size_t i = 0; i < a->key_count; i++) {
        cr_assert(dns_name_equal(&a->keys[i].name, &b->keys[i].name));
        cr_assert_eq(a->keys[i].algorithm, b->keys[i].algorithm);
        cr_assert_eq(a->keys[i].minimum_mac, b->keys[i].minimum_mac);
        cr_assert_eq(a->keys[i].secret_len, b->keys[i].secret_len);
        cr_assert_arr_eq(a->keys[i].secret, b->keys[i].secret, a->keys[i].secret_len);
    }
    for (size_t i = 0; i < a->peer_count; i++)
        expect_same_peer(&a->peers[i], &b->peers[i]);
}

/* Reads the configuration; 0 or the error, which has been looked at. */
static int parse(const char *text)
{
    static char found[FINDINGS_SIZE];
    int error = config_fixture_parse(text);
    const struct config_report *report = &config_fixture_report;
    read_findings(found);
    if (!is_of_memory(found))
        expect_nothing_invented();
    cr_assert_eq(error == 0, config_fixture != NULL, "it is both there and not");
    cr_assert(error == 0 || error == DNS_EMEMORY || error == DNS_EFORMAT);
    if (error == 0)
        cr_assert_eq(report->errors, 0, "there are errors, and it is there all the same");
    if (error == DNS_EFORMAT)
        cr_assert_gt(report->errors, 0, "it is refused, and nobody knows why");
    if (error != DNS_EMEMORY && !report->incomplete && !is_of_memory(found))
        cr_assert_str_eq(found, wanted,
                         "findings are lost, and the report seems complete:\n%s\nnot\n%s", found,
                         wanted);
    return error;
}

/* What `text` says with memory for all, and the configuration it makes, if any. */
static void open_text(const void *text)
{
    int error = config_fixture_parse(text);
    read_findings(wanted);
    if (error == 0)
        before = config_ref(config_fixture);
    config_fixture_release();
}

static void close_text(const void *text)
{
    (void)text;
    config_fixture_release();
    config_unref(before);
    before = NULL;
}

static enum story_end run_good(const void *text)
{
    int error = parse(text);
    if (error == 0)
        expect_same(config_fixture, before);
    return error == 0 && !config_fixture_report.incomplete ? STORY_WHOLE : STORY_SHORT;
}

Test(config, every_setting_is_read_or_there_is_no_configuration)
{
    open_text(good);
    cr_assert(before, "%s", wanted);
    close_text(NULL);
    story_tell(&(struct story){good, open_text, close_text, run_good});
}

static enum story_end run_bad(const void *text)
{
    bool whole = parse(text) == DNS_EFORMAT && !config_fixture_report.incomplete &&
                 config_fixture_report.errors > 25;
    for (size_t i = 0; i < config_fixture_report.count && whole; i++)
        whole = !is_of_memory(config_fixture_report.findings[i].text);
    return whole ? STORY_WHOLE : STORY_SHORT;
}

Test(config, errors_are_all_told_of_or_the_report_says_that_some_are_missing)
{
    story_tell(&(struct story){bad, open_text, close_text, run_bad});
}

/* The numbers of `before` go on to a second one, which a relay uses. */
static void open_before(const void *text)
{
    cr_assert_eq(config_fixture_parse(good), 0);
    struct config *first = config_ref(config_fixture);
    open_text(text);
    config_unref(before);
    before = first;
}

static uint16_t on_random_id(void *arg)
{
    (void)arg;
    return 1;
}

static void on_event(void *arg, const struct relay_event *event)
{
    (void)arg;
    (void)event;
}

static void on_ring(void *arg)
{
    (void)arg;
}

static enum story_end run_reload(const void *text)
{
    const struct relay_world world = {
        .random_id = on_random_id, .report = on_event, .ring = on_ring};
    if (parse(text) < 0)
        return STORY_SHORT;
    config_carry(config_fixture, before);
    cr_assert_eq(config_fixture->keys[0].number, 1, "[key other] was the second");
    cr_assert_eq(config_fixture->keys[1].number, 4, "[key new] is new");
    cr_assert_eq(config_fixture->peers[1].number, 2, "[secondary one] was the third");
    struct memory *memory = memory_new(10);
    struct desk *desk = memory ? desk_new(&world, memory) : NULL;
    struct relay *relay = desk ? relay_new(config_fixture, desk) : NULL;
    bool whole = relay && !config_fixture_report.incomplete;
    cr_assert(!relay || relay_mac(relay, &config_fixture->keys[1])->ctx);
    relay_unref(relay);
    desk_free(desk);
    memory_free(memory);
    return whole ? STORY_WHOLE : STORY_SHORT;
}

Test(config, a_second_one_takes_over_the_numbers_and_has_a_relay_or_none)
{
    story_tell(&(struct story){shorter, open_before, close_text, run_reload});
}
