#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config_fixture.h"
#include "config/setting.h"

TestSuite(config, .fini = config_fixture_release);

static char *show_all(const struct address_list *list, char *out)
{
    char text[ADDRESS_TEXT_SIZE];
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++)
        len += (size_t)sprintf(out + len, "%s%s", i ? " " : "",
                               address_to_text(&list->items[i], text));
    return out;
}

static void expect_addresses(const struct address_list *list, const char *expected)
{
    char text[1024];

    cr_expect_str_eq(show_all(list, text), expected);
}

/* What the lines after the base give. */
static void expect_findings(const char *lines, const char *expected)
{
    char text[8192];
    int rc;

    snprintf(text, sizeof(text), "%s%s", CONFIG_FIXTURE_BASE, lines);
    rc = config_fixture_parse(text);
    cr_expect_eq(rc, strstr(expected, "error: ") != NULL ? DNS_EFORMAT : 0, "%s", lines);
    cr_expect_str_eq(config_fixture_findings(), expected, "%s\ngives\n%s", lines,
                     config_fixture_findings());
}

Test(config, defaults_of_a_small_file)
{
    const struct config *config;
    const struct peer *hq;
    const struct peer *any;

    cr_assert_eq(config_fixture_parse(CONFIG_FIXTURE_BASE), 0, "%s", config_fixture_findings());
    cr_expect_str_eq(config_fixture_findings(), "");
    config = config_fixture;
    expect_addresses(&config->proxy.listen, "0.0.0.0@53 ::@53");
    cr_expect_eq(config->proxy.proxy_listen.count, 0);
    cr_expect_eq(config->proxy.proxy_from.count, 0);
    cr_expect_not(config->proxy.transparent);
    cr_expect_not(config->proxy.freebind);
    cr_expect_eq(config->proxy.workers, 0);
    cr_expect_str_eq(config->proxy.user, "tsig-proxy");
    cr_expect(config->proxy.confine);
    cr_expect_str_eq(config->proxy.control, "/run/tsig-proxy/control.sock");
    cr_expect(address_equal(&config->proxy.http,
                            &(struct address){ADDRESS_IPV4, 9453, 0, {127, 0, 0, 1}}));
    cr_expect_eq(config->proxy.log_level, LOG_INFO);
    cr_expect_eq(config->proxy.log_format, LOG_FORMAT_LOGFMT);
    cr_expect_eq(config->proxy.watch, 0);
    cr_expect_eq(config->proxy.status_zones, 100000);
    cr_expect_eq(config->proxy.metrics_zones, 1000);
    cr_expect_eq(config->proxy.fudge, 300);
    cr_expect_eq(config->proxy.connect_timeout, 5);
    cr_expect_eq(config->proxy.answer_timeout, 5);
    cr_expect_eq(config->proxy.progress_timeout, 120);
    cr_expect_eq(config->proxy.idle_timeout, 30);
    cr_expect_eq(config->proxy.drain_timeout, 60);

    cr_assert_eq(config->peer_count, 2);
    hq = &config->peers[0];
    cr_expect_eq(hq->role, PEER_PRIMARY);
    cr_expect_str_eq(hq->name, "hq");
    cr_expect_eq(hq->line, 3);
    expect_addresses(&hq->address, "10.0.0.1@53");
    cr_expect_not(peer_is_signed(hq));
    cr_expect_eq(hq->transport, PEER_TRANSPORT_AUTO);
    cr_expect_eq(hq->edns, PEER_EDNS_PASS);
    cr_expect_eq(hq->share, 25);
    cr_expect_eq(hq->unsigned_notify, PEER_REFUSE);
    cr_expect_eq(hq->connections, 100);
    cr_expect_eq(hq->poll, 0);

    any = &config->peers[1];
    cr_expect_eq(any->role, PEER_SECONDARY);
    cr_expect_eq(any->number, 1);
    cr_assert_eq(any->keyring.count, 1);
    cr_expect_eq(any->keyring.keys[0], &config->keys[0]);
    cr_assert_eq(any->primary_count, 1, "the only primary");
    cr_expect_eq(any->primary[0], hq);
    cr_assert_eq(any->zone_count, 1);
    cr_expect_eq(any->zones[0].kind, ZONE_ALL);
    cr_expect_eq(any->allow, (unsigned)(PEER_SOA | PEER_AXFR | PEER_IXFR | PEER_NOTIFY));
    cr_expect_eq(any->mode, PEER_ENFORCE);
    cr_expect_eq(any->unknown_key, PEER_REFUSE);
    cr_expect_eq(any->other, PEER_REFUSE);
}

Test(config, every_setting_is_stored)
{
    const struct config *config;
    const struct peer *east;
    const struct peer *any;

    cr_assert_eq(
        config_fixture_parse("[proxy]\n"
                             "listen = 127.0.0.1@5300, ::1\n"
                             "proxy-listen = 127.0.0.1@5301, ::2\nproxy-from = 10.3.0.0/16\n"
                             "transparent = no\nfreebind = yes\nworkers = 1\nuser =\nconfine = no\n"
                             "control = /run/c\nhttp = ::1\n"
                             "log-level = debug\nlog-format = json\nwatch = 30\nfudge = 3600\n"
                             "status-zones = 8\nmetrics-zones = 0\n"
                             "connect-timeout = 1\nanswer-timeout = 2\n"
                             "progress-timeout = 3\nidle-timeout = 4\ndrain-timeout = 0\n"
                             "[key k]\nsecret-file = k.key\n"
                             "[key l]\nsecret-file = /etc/t/k.key\nname = Long.Example\n"
                             "[primary west]\naddress = 10.0.0.1\n"
                             "[primary east]\naddress = 10.0.0.2@5302\n"
                             "from = 10.1.0.0/16, 10.2.0.0/15\nlisten = 10.0.0.53@54\n"
                             "source = 10.0.0.9, 2001:db8::9\n"
                             "transport = tcp\nedns = strip\nshare = 40\nconnections = 7\n"
                             "poll = 30\n"
                             "[secondary any]\naddress = 192.0.2.1, 2001:db8::1@5353\n"
                             "primary = east, WEST\nkey = l, k\nzones = a.example, *.a.example\n"
                             "allow = query, update\nmode = observe\nother = pass\n"
                             "transport = same\n"),
        0, "%s", config_fixture_findings());
    config = config_fixture;
    expect_addresses(&config->proxy.listen, "127.0.0.1@5300 ::1@53");
    expect_addresses(&config->proxy.proxy_listen, "127.0.0.1@5301 ::2@53");
    cr_assert_eq(config->proxy.proxy_from.count, 1);
    cr_expect_eq(config->proxy.proxy_from.items[0].length, 16);
    cr_expect(config->proxy.freebind);
    cr_expect_eq(config->proxy.workers, 1);
    cr_expect_str_eq(config->proxy.user, "");
    cr_expect_not(config->proxy.confine);
    cr_expect_str_eq(config->proxy.control, "/run/c");
    cr_expect_eq(config->proxy.http.port, 9453);
    cr_expect(address_is_loopback(&config->proxy.http));
    cr_expect_eq(config->proxy.log_level, LOG_DEBUG);
    cr_expect_eq(config->proxy.log_format, LOG_FORMAT_JSON);
    cr_expect_eq(config->proxy.watch, 30);
    cr_expect_eq(config->proxy.status_zones, 8);
    cr_expect_eq(config->proxy.metrics_zones, 0);
    cr_expect_eq(config->proxy.fudge, 3600);
    cr_expect_eq(config->proxy.connect_timeout, 1);
    cr_expect_eq(config->proxy.answer_timeout, 2);
    cr_expect_eq(config->proxy.progress_timeout, 3);
    cr_expect_eq(config->proxy.idle_timeout, 4);
    cr_expect_eq(config->proxy.drain_timeout, 0);

    cr_assert_eq(config->peer_count, 3);
    east = &config->peers[1];
    expect_addresses(&east->address, "10.0.0.2@5302");
    expect_addresses(&east->listen, "10.0.0.53@54");
    expect_addresses(&east->source, "10.0.0.9 2001:db8::9");
    cr_assert_eq(east->from_count, 2);
    cr_expect_eq(east->from[1].length, 15);
    cr_expect_eq(east->transport, PEER_TRANSPORT_TCP);
    cr_expect_eq(east->edns, PEER_EDNS_STRIP);
    cr_expect_eq(east->share, 40);
    cr_expect_eq(east->connections, 7);
    cr_expect_eq(east->poll, 30);

    any = &config->peers[2];
    expect_addresses(&any->address, "192.0.2.1@53 2001:db8::1@5353");
    cr_assert_eq(any->primary_count, 2, "in the order given, case aside");
    cr_expect_eq(any->primary[0], east);
    cr_expect_eq(any->primary[1], &config->peers[0]);
    cr_assert_eq(any->keyring.count, 2);
    cr_expect_eq(any->keyring.keys[0], &config->keys[1]);
    cr_expect_eq(any->keyring.keys[0]->number, 1);
    cr_assert_eq(any->zone_count, 2);
    cr_expect_eq(any->zones[0].kind, ZONE_EXACT);
    cr_expect_eq(any->zones[1].kind, ZONE_BELOW);
    cr_expect_eq(any->allow, (unsigned)(PEER_QUERY | PEER_UPDATE));
    cr_expect_eq(any->mode, PEER_OBSERVE);
    cr_expect_eq(any->other, PEER_PASS);
    cr_expect_eq(any->transport, PEER_TRANSPORT_SAME);
}

Test(config, M8_all_errors_at_once_by_line)
{
    cr_expect_eq(config_fixture_parse("[secondary any]\n"
                                      "adress = 192.0.2.1\n"
                                      "allow = update\n"
                                      "[proxy]\n"
                                      "fudge = 0\n"
                                      "transparent = maybe\n"
                                      "[primary hq]\n"
                                      "address = 10.0.0.1.1\n"
                                      "[key k]\n"
                                      "secret-file = none.key\n"),
                 DNS_EFORMAT);
    cr_expect_null(config_fixture, "no snapshot with an error");
    cr_expect_eq(config_fixture_report.errors, 7);
    cr_expect_str_eq(config_fixture_findings(),
                     "1: error: [secondary any] has no 'address'\n"
                     "1: warning: [secondary any] has no 'key': it is known by its address alone\n"
                     "2: error: unknown setting 'adress' in [secondary any]; did you mean "
                     "'address'?\n"
                     "3: error: 'allow' has update, which takes a 'key'\n"
                     "5: error: 'fudge' is a whole number from 1 to 65535, not '0'\n"
                     "6: error: 'transparent' is yes or no, not 'maybe'\n"
                     "8: error: 'address' has '10.0.0.1.1', which is no address; write 192.0.2.1, "
                     "192.0.2.1@53 or 2001:db8::1@53\n"
                     "9: warning: [key k] is used by no peer\n"
                     "10: error: cannot read '/etc/t/none.key': No such file or directory\n");
}

Test(config, M8_values_are_checked)
{
    static const struct {
        const char *line;
        const char *finding;
    } cases[] = {
        {"fudge = 65536", "'fudge' is a whole number from 1 to 65535, not '65536'"},
        {"fudge = 5s", "'fudge' is a whole number from 1 to 65535, not '5s'"},
        {"fudge = -1", "'fudge' is a whole number from 1 to 65535, not '-1'"},
        {"fudge = auto", "'fudge' is a whole number from 1 to 65535, not 'auto'"},
        {"fudge = 99999999999999999999999",
         "'fudge' is a whole number from 1 to 65535, not '99999999999999999999999'"},
        {"fudge =", "'fudge' has no value"},
        {"workers = 0", "'workers' is a whole number from 1 to 256, or auto, not '0'"},
        {"workers = 257", "'workers' is a whole number from 1 to 256, or auto, not '257'"},
        {"watch = 0", "'watch' is a whole number from 1 to 86400, or no, not '0'"},
        {"watch = yes", "'watch' is a whole number from 1 to 86400, or no, not 'yes'"},
        {"metrics-zones = 100001",
         "'metrics-zones' is a whole number from 0 to 100000, not '100001'"},
        {"transparent = true", "'transparent' is yes or no, not 'true'"},
        {"log-level = Info", "'log-level' is error, warning, notice, info or debug, not 'Info'"},
        {"http = 127.0.0.1@53",
         "127.0.0.1@53 is where this proxy itself listens; give 'http' another port"},
        {"http = no", "'http' has 'no': to have none, leave it empty"},
        {"control = c", "'control' is a path that begins with '/', not 'c'"},
        {"control = /run/"
         "123456789012345678901234567890123456789012345678901234567890"
         "123456789012345678901234567890123456789012345678901234567890",
         "'control' is longer than the 107 octets that a socket's path may have"},
        {"listen = 127.0.0.1:53",
         "'listen' has '127.0.0.1:53': a port stands behind '@'; write 127.0.0.1@53"},
        {"listen = 1.2.3", "'listen' has '1.2.3', which is no address; write 192.0.2.1, "
                           "192.0.2.1@53 or 2001:db8::1@53"},
        {"listen = 127.0.0.1,", "'listen' has a comma with nothing beside it"},
        {"listen = 127.0.0.1, 127.0.0.1@53", "'listen' has '127.0.0.1@53' twice"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[256];
        char expected[256];

        snprintf(lines, sizeof(lines), "[proxy]\n%s\n", cases[i].line);
        snprintf(expected, sizeof(expected), "9: error: %s\n", cases[i].finding);
        expect_findings(lines, expected);
    }
}

Test(config, M8_values_of_peers_are_checked)
{
    static const struct {
        const char *line;
        const char *finding;
    } cases[] = {
        {"from = 192.0.2.1/24", "'from' has '192.0.2.1/24': it has bits set past its length; write "
                                "192.0.2.0/24, or 192.0.2.1 for one address"},
        {"from = 192.0.2",
         "'from' has '192.0.2', which is no prefix or address; write 192.0.2.0/24 or "
         "2001:db8::/32, with no bits set past the length"},
        {"from = 192.0.2.0/24, 192.0.2.0/24", "'from' has '192.0.2.0/24' twice"},
        {"source = 10.0.0.1@53", "'source' has '10.0.0.1@53': it takes no port; write 10.0.0.1"},
        {"source = ::g", "'source' has '::g', which is no address without a port; write 192.0.2.1 "
                         "or 2001:db8::1"},
        {"source = 10.0.0.1, 10.0.0.2",
         "'source' has two IPv4 addresses; one per family is all there can be"},
        {"source = ::", "'source' has '::', which is no address to send from; leave it out and the "
                        "system chooses"},
        {"transport = udp", "'transport' is auto, same or tcp, not 'udp'"},
        {"share = 0", "'share' is a whole number from 1 to 100, not '0'"},
        {"share = 101", "'share' is a whole number from 1 to 100, not '101'"},
        {"edns = no", "'edns' is pass or strip, not 'no'"},
        {"zones = *example.com", "'zones' has '*example.com', which is no domain name"},
        {"zones = a..example", "'zones' has 'a..example', which is no domain name"},
        {"zones = *.", "'zones' has '*.', which is no domain name"},
        {"zones = a.example b.example",
         "'zones' has 'a.example b.example', which is no domain name"},
        {"zones = a\\\\;b.example", "'zones' has 'a\\\\;b.example', which is no domain name"},
        {"zones = a\\;b\"c.example", "'zones' has 'a\\;b\"c.example', which is no domain name"},
        {"zones = a.example\\", "'zones' has 'a.example\\', which is no domain name"},
        {"zones = b\xc3\xbc"
         "cher.example",
         "'zones' has 'b\xc3\xbc"
         "cher.example', which is not ASCII; write such names in their "
         "xn-- form"},
        {"zones = a.example, A.example.", "'zones' has 'a.example' twice"},
        {"zones = *, *", "'zones' has '*' twice"},
        {"allow = soa, transfer", "'allow' is a list of soa, axfr, ixfr, notify, query or update; "
                                  "'transfer' is none of them"},
        {"allow = soa, soa", "'allow' has 'soa' twice"},
        {"mode = off", "'mode' is enforce or observe, not 'off'"},
        {"other = accept", "'other' is refuse or pass, not 'accept'"},
        {"unknown-key = accept", "'unknown-key' is refuse or pass, not 'accept'"},
        {"primary = hq, hq", "'primary' has 'hq' twice"},
        {"primary = qh", "there is no [primary qh]"},
        {"primary = hqq", "there is no [primary hqq]; did you mean 'hq'?"},
        {"primary = any", "there is no [primary any]"},
        {"unsigned-notify = accept",
         "unknown setting 'unsigned-notify' in [secondary any]; it belongs in [primary]"},
        {"Mode = observe", "unknown setting 'Mode' in [secondary any]; did you mean 'mode'?"},
        {"colour = blue", "unknown setting 'colour' in [secondary any]"},
        {"key = k", "'key' is already in line 7"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[256];
        char expected[256];

        snprintf(lines, sizeof(lines), "%s\n", cases[i].line);
        snprintf(expected, sizeof(expected), "8: error: %s\n", cases[i].finding);
        expect_findings(lines, expected);
    }
}

Test(config, M8_every_bad_item_of_a_list_is_told)
{
    expect_findings("zones = a..b, good.example, c..d\n",
                    "8: error: 'zones' has 'a..b', which is no domain name\n"
                    "8: error: 'zones' has 'c..d', which is no domain name\n");
}

Test(config, M8_sections_are_checked)
{
    static const struct {
        const char *lines;
        const char *expected;
    } cases[] = {
        {"[primry x]\naddress = 1\n",
         "8: error: unknown section 'primry'; did you mean 'primary'?\n"},
        {"[server x]\nwhatever = 1\n",
         "8: error: unknown section 'server'; there are [proxy], [key LABEL], [primary LABEL] and "
         "[secondary LABEL]\n"},
        {"[]\n",
         "8: error: unknown section ''; there are [proxy], [key LABEL], [primary LABEL] and "
         "[secondary LABEL]\n"},
        {"[Proxy]\n", "8: error: unknown section 'Proxy'; did you mean 'proxy'?\n"},
        {"[proxy main]\n", "8: error: [proxy] takes no label\n"},
        {"[primary]\n", "8: error: [primary] has no label; write [primary LABEL]\n"},
        {"[secondary a b]\naddress = 192.0.2.2\nkey = k\nzones = a\n",
         "5: warning: [secondary any] has no 'zones' beside other secondaries: it is given every "
         "zone\n"
         "8: error: the label 'a b' may have letters, digits, '-', '.' and '_' in it, nothing "
         "else\n"
         "10: warning: [key k] is shared with any: either of them can pass for the other\n"},
        {"[proxy]\nfudge = 1\n[proxy]\nfudge = 2\n", "10: error: [proxy] is already in line 8\n"},
        {"[primary HQ]\naddress = 10.0.0.1\nfudge = 1\n",
         "5: error: [secondary any] has no 'primary', and there are several to choose from\n"
         "8: error: [primary hq] is already in line 3\n"
         "10: error: unknown setting 'fudge' in [primary HQ]; it belongs in [proxy]\n"},
        {"[primary any]\naddress = 10.0.0.1\n",
         "5: error: [secondary any] has no 'primary', and there are several to choose from\n"
         "8: error: the label 'any' is taken: [secondary any] is in line 5\n"},
        {"[secondary hq]\naddress = 10.0.0.1\nkey = k\nzones = a\n",
         "5: warning: [secondary any] has no 'zones' beside other secondaries: it is given every "
         "zone\n"
         "8: error: the label 'hq' is taken: [primary hq] is in line 3\n"
         "10: warning: [key k] is shared with any: either of them can pass for the other\n"},
        {"[ proxy ]\n[\tkey\t x ]\nsecret-file = k.key\n",
         "9: warning: [key x] is used by no peer\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_findings(cases[i].lines, cases[i].expected);
}

Test(config, M8_settings_before_any_section)
{
    cr_expect_eq(config_fixture_parse("listen = ::1\n" CONFIG_FIXTURE_BASE), DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(),
                     "1: error: 'listen' stands before the first [section]\n");
}

Test(config, M8_undefined_keys_and_peers)
{
    cr_expect_eq(config_fixture_parse("[key xfr.example]\nsecret-file = k.key\n"
                                      "[primary hq]\naddress = 10.0.0.1\n"
                                      "[secondary any]\naddress = 192.0.2.1\n"
                                      "key = xfr.exmple, XFR.example, other\nprimary = head\n"),
                 DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(),
                     "7: error: there is no [key xfr.exmple]; did you mean 'xfr.example'?\n"
                     "7: error: there is no [key other]\n"
                     "8: error: there is no [primary head]\n");
}

static int read_nothing(void *arg, const char *path, struct config_file *out)
{
    (void)arg;
    (void)path;
    (void)out;
    return -EACCES;
}

Test(config, M8_a_file_that_cannot_be_read_is_an_error)
{
    const struct config_files files = {.read = read_nothing};
    struct config *config = NULL;

    cr_expect_eq(config_parse(&files, CONFIG_FIXTURE_PATH, &config, &config_fixture_report),
                 DNS_EFORMAT);
    cr_expect_null(config);
    cr_expect_str_eq(config_fixture_findings(),
                     "0: error: cannot read this file: Permission denied\n");
}

Test(config, snapshot_lives_until_its_last_reference)
{
    struct config *config;

    cr_assert_eq(config_fixture_parse(CONFIG_FIXTURE_BASE), 0);
    config = config_ref(config_fixture);
    config_unref(config);
    cr_expect_str_eq(config->peers[0].name, "hq");
    config_unref(NULL);
}

Test(config, an_empty_file_lacks_peers)
{
    cr_expect_eq(config_fixture_parse(""), DNS_EFORMAT);
    cr_expect_str_eq(config_fixture_findings(),
                     "0: error: there is no [primary LABEL] section\n"
                     "0: error: there is no [secondary LABEL] section\n");
}

static const char *text_of(const char *section, const char *name)
{
    for (size_t i = 0; i < config_fixture->section_count; i++) {
        const struct config_section *s = &config_fixture->sections[i];
        const struct setting *row = setting_find(s->kind, name);
        if (strcmp(s->label, section) == 0 && row)
            return s->texts[setting_index(row)];
    }
    return NULL;
}

Test(config, what_settings_say_is_kept_but_for_secrets)
{
    cr_assert_eq(
        config_fixture_parse("[proxy]\nuser =\nfudge = 7 ; short\n"
                             "[key k]\nsecret = MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\n"
                             "[primary hq]\naddress = 10.0.0.1\n"
                             "[secondary any]\naddress = 192.0.2.1\nkey = k\n"
                             "zones = a.example, b.example\nzones = c.example\n"),
        0, "%s", config_fixture_findings());
    cr_expect_str_eq(text_of("", "fudge"), "7");
    cr_expect_str_eq(text_of("", "user"), "");
    cr_expect_null(text_of("", "watch"));
    cr_expect_null(text_of("k", "secret"));
    cr_expect_str_eq(text_of("any", "zones"), "a.example, b.example, c.example");
}

static int read_text(void *arg, const char *path, struct config_file *out)
{
    if (strcmp(path, "/a.ini") != 0)
        return -EACCES;
    out->text = strdup(arg);
    out->len = strlen(arg);
    return out->text ? 0 : -ENOMEM;
}

Test(config, where_an_instance_is_asked_takes_its_own_section_alone)
{
    char text[] = "[proxy]\ncontrol = /run/c\ncolour = green\ninclude = *.ini\n"
                  "[key k]\nsecret-file = /nobody/may/read\n[castle]\n[primary hq]\naddress = ?\n";
    const struct config_files files = {.read = read_text, .arg = text};
    struct config_report report = {0};
    struct config *config = NULL;
    cr_assert_eq(config_parse_proxy(&files, "/a.ini", &config, &report), 0);
    cr_expect_str_eq(config->proxy.control, "/run/c");
    cr_expect_eq(config->proxy.http.port, 9453, "the default");
    config_unref(config);
    config_report_fini(&report);
    cr_expect_eq(config_parse_proxy(&files, "/b.ini", &config, &report), DNS_EFORMAT);
    config_report_fini(&report);
}
