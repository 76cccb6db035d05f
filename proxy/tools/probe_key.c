/* What an answer shows of the key. A server that says BADKEY may have no such key, or have it with
 * another algorithm: asked with each of the others, it says something else where name and algorithm
 * fit, be it only BADSIG. PowerDNS says no more than NOTAUTH, and NSD looks at name and secret
 * alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/text.h"
#include "tools/probe.h"

/* The request that was answered, without its TSIG; its length. */
static size_t probe_key_request(const struct talk *t, uint8_t out[TALK_REQUEST_MAX])
{
    memcpy(out, t->request + 2, t->asked.len);
    dns_message_put_arcount(out, t->asked.count[DNS_ADDITIONAL]);
    return t->asked.len;
}

/* With which of the others does the server know this key's name? NULL: with none. */
static const struct tsig_algorithm *probe_key_find_algorithm(struct probe *p,
                                                             const struct talk_place *place)
{
    uint8_t request[TALK_REQUEST_MAX];
    size_t len = probe_key_request(&p->talk, request);
    const struct tsig_key *key = place->key;
    const struct tsig_algorithm *algorithm;
    for (size_t i = 0; (algorithm = tsig_algorithm_at(i)); i++) {
        struct tsig_key other;
        struct talk_place there = *place;
        if (algorithm == key->algorithm || algorithm->mac_size != algorithm->hash_size ||
            tsig_key_init(&other, &key->name, algorithm, key->secret, key->secret_len) < 0)
            continue;
        there.key = &other;
        bool known = talk_ask(&p->talk, &there, request, len) == 0 && p->talk.has_record &&
                     p->talk.record.error != TSIG_BADKEY;
        tsig_key_fini(&other);
        if (known)
            return algorithm;
    }
    return NULL;
}

bool probe_takes_any_algorithm(struct probe *p, const struct talk_place *place)
{
    return place->key && probe_key_find_algorithm(p, place);
}

static void probe_key_say_algorithm(struct probe *p, const struct talk_place *place,
                                    const struct tsig_algorithm *theirs)
{
    char name[DNS_NAME_TEXT_SIZE];
    const char *ours = place->key->algorithm->text;
    findings_mend(&p->findings, "wrong algorithm: it has the key %s with %s, not %s",
                  dns_name_to_text(&place->key->name, name), theirs->text, ours);
    findings_cure(&p->findings, "write 'algorithm = %s' in [key %s], or %s there", theirs->text,
                  probe_label(p, place->key), ours);
}

static void probe_key_say_unknown(struct probe *p, const struct talk_place *place)
{
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_to_text(&place->key->name, name);
    const char *label = probe_label(p, place->key), *ours = place->key->algorithm->text;
    const struct tsig_algorithm *theirs = probe_key_find_algorithm(p, place);
    if (theirs) {
        probe_key_say_algorithm(p, place, theirs);
        return;
    }
    findings_mend(&p->findings, "wrong key name: it has no key %s, with %s or any other (BADKEY)",
                  name, ours);
    findings_cure(
        &p->findings,
        "compare the names letter by letter: give it the key %s there (Knot: in an acl of "
        "the zone, too), or write 'name = ...' with its own in [key %s]",
        name, label);
}

static void probe_key_say_secret(struct probe *p, const struct peer *peer,
                                 const struct talk_place *place)
{
    char name[DNS_NAME_TEXT_SIZE];
    findings_mend(&p->findings, "wrong secret: its key %s has another one (BADSIG)",
                  dns_name_to_text(&place->key->name, name));
    findings_cure(
        &p->findings,
        "copy the secret of [key %s] there anew, or theirs here; tsig-proxy show --secret "
        "%s prints ours",
        probe_label(p, place->key), peer->name);
}

static void probe_key_say_clock(struct probe *p)
{
    char now[32] = "";
    time_t seconds = time(NULL);
    struct tm utc;
    if (gmtime_r(&seconds, &utc))
        strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S UTC", &utc);
    int64_t skew = p->talk.skew;
    if (p->talk.has_skew)
        findings_mend(
            &p->findings, "clocks: its clock is %lld s %s ours, and 'fudge' is %u s (BADTIME)",
            (long long)llabs(skew), skew < 0 ? "behind" : "ahead of", p->config->proxy.fudge);
    else
        findings_mend(&p->findings, "clocks: it says that our time is not its own (BADTIME)");
    findings_cure(&p->findings, "here it is %s: set the clock that is wrong, and let NTP keep it",
                  now);
}

static void probe_key_say_cut(struct probe *p, const struct talk_place *place)
{
    findings_mend(&p->findings, "its MACs are cut to %u octets, and the key does not allow that",
                  p->talk.record.mac_len);
    findings_cure(&p->findings,
                  "if they are meant to be (BIND's %s-%u), write 'minimum-mac = %u' in [key %s]",
                  place->key->algorithm->text, 8U * p->talk.record.mac_len, p->talk.record.mac_len,
                  probe_label(p, place->key));
}

/* Asked without the key, does it say something else? */
static bool probe_key_is_the_trouble(struct probe *p, const struct talk_place *place)
{
    uint8_t request[TALK_REQUEST_MAX];
    size_t len = probe_key_request(&p->talk, request);
    struct talk_place there = *place;
    there.key = NULL;
    return talk_ask(&p->talk, &there, request, len) == 0 &&
           dns_message_rcode(&p->talk.answer) != DNS_RCODE_NOTAUTH;
}

static void probe_key_say_no_reason(struct probe *p, const struct talk_place *place)
{
    char name[DNS_NAME_TEXT_SIZE];
    const struct tsig_algorithm *theirs = probe_key_find_algorithm(p, place);
    if (theirs) {
        probe_key_say_algorithm(p, place, theirs);
        return;
    }
    findings_mend(&p->findings,
                  "wrong secret or wrong key name: it refuses key %s (%s), and does not say why "
                  "(NOTAUTH)",
                  dns_name_to_text(&place->key->name, name), place->key->algorithm->text);
    findings_cure(&p->findings,
                  "compare name and algorithm, then copy the secret of [key %s] there "
                  "anew, or theirs here",
                  probe_label(p, place->key));
}

/* It answers, but not as a server does that has the key. */
static bool probe_key_doubt(struct probe *p, const struct peer *peer,
                            const struct talk_place *place)
{
    const struct talk *t = &p->talk;
    char text[DNS_TEXT_SIZE];
    unsigned rcode = dns_message_rcode(&t->answer);
    if (!t->has_record && rcode == DNS_RCODE_NOTAUTH && probe_key_is_the_trouble(p, place)) {
        probe_key_say_no_reason(p, place);
        return false;
    }
    if (!t->has_record) {
        findings_note(&p->findings, "answers without TSIG (%s), which shows nothing of the key%s",
                      dns_text_rcode(rcode, text),
                      peer->role == PEER_SECONDARY && !p->notify ? "; --notify does" : "");
        return true;
    }
    if (t->is_cut)
        probe_key_say_cut(p, place);
    else if (t->record.error == TSIG_BADKEY)
        probe_key_say_unknown(p, place);
    else if (t->record.error == TSIG_BADTIME || t->has_skew)
        probe_key_say_clock(p);
    else
        probe_key_say_secret(p, peer, place);
    return false;
}

bool probe_check_key(struct probe *p, const struct peer *peer, const struct talk_place *place)
{
    const struct talk *t = &p->talk;
    char name[DNS_NAME_TEXT_SIZE];
    if (!place->key)
        return true;
    if (!t->proven)
        return probe_key_doubt(p, peer, place);
    if (t->record.error == TSIG_BADTIME) {
        probe_key_say_clock(p);
        return false;
    }
    if (t->record.error == TSIG_BADTRUNC) {
        findings_mend(&p->findings, "it wants longer MACs than %s has (BADTRUNC)",
                      place->key->algorithm->text);
        findings_cure(&p->findings, "use %.11s on both sides", place->key->algorithm->text);
        return false;
    }
    findings_good(&p->findings, "knows key %s (%s); its clock is %lld s %s ours",
                  dns_name_to_text(&place->key->name, name), place->key->algorithm->text,
                  (long long)llabs(t->skew), t->skew < 0 ? "behind" : "ahead of");
    return true;
}
