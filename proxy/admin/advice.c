/* One function for what goes together, and one switch over the results. What the library says
 * itself, or of a result in general, is what remains. */
#include "admin/advice.h"

#include <stdarg.h>
#include <stdio.h>

#include "admin/our.h"
#include "dns/text.h"
#include "tsig/record.h"

struct advice_texts {
    char zone[DNS_NAME_TEXT_SIZE];
    char key[DNS_NAME_TEXT_SIZE];
    char host[ADDRESS_TEXT_SIZE];
    char us[ADDRESS_TEXT_SIZE];
};

/* What is too long is cut. */
__attribute__((format(printf, 2, 3))) static const char *advice_say(char out[ADVICE_SIZE],
                                                                    const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(out, ADVICE_SIZE, format, values);
    va_end(values);
    return out;
}

static const char *advice_role(const struct peer *peer)
{
    return peer->role == PEER_PRIMARY ? "primary" : "secondary";
}

/* Without its port. */
static const char *advice_host(const struct address *address, char out[ADDRESS_TEXT_SIZE])
{
    if (!address)
        return "its address";
    struct address host = *address;
    host.port = 0;
    return address_to_text(&host, out);
}

/* What the server sees us as. */
static const char *advice_us(const struct relay_event *event, char out[ADDRESS_TEXT_SIZE])
{
    const struct address *to = event->at ? event->at : event->address;
    struct address us;
    if (event->source)
        return advice_host(event->source, out);
    if (to && our_address(to, &us))
        return advice_host(&us, out);
    return "this host";
}

static const char *advice_zone(const struct relay_event *event, char out[DNS_NAME_TEXT_SIZE])
{
    return event->zone ? dns_name_to_text(event->zone, out) : "the zone";
}

static const char *advice_key(const struct relay_event *event, char out[DNS_NAME_TEXT_SIZE])
{
    const struct dns_name *name = event->key ? &event->key->name : event->key_name;
    return name ? dns_name_to_text(name, out) : "the key";
}

/* Refused by the configuration: what to write there. */

static const char *advice_unknown_source(const struct relay_event *event, struct advice_texts *t,
                                         char *out)
{
    return advice_say(out, "no [%s] has %s in address or from; add it",
                      event->opcode == DNS_OPCODE_NOTIFY ? "primary" : "secondary",
                      advice_host(event->address, t->host));
}

static const char *advice_unheard(const struct relay_event *event, struct advice_texts *t,
                                  char *out)
{
    return advice_say(
        out,
        "the peer at %s has no key and is heard at some local addresses alone; add %s to "
        "heard-at in its section if it may ask there",
        advice_host(event->address, t->host), advice_host(event->local, t->us));
}

static const char *advice_elsewhere(const struct relay_event *event, struct advice_texts *t,
                                    char *out)
{
    const struct peer *holder = event->holder;
    if (!holder || !event->address || peer_match(holder, event->address) >= 0)
        return event->advice;
    return advice_say(
        out,
        "the TSIG is good, but its key is that of %s at another address; add %s to from in "
        "[%s %s]; if it does not have that address, somebody else has its key",
        holder->name, advice_host(event->address, t->host), advice_role(holder), holder->name);
}

static const char *advice_no_tsig(const struct relay_event *event, struct advice_texts *t,
                                  char *out)
{
    const struct peer *peer = event->peer;
    if (event->advice || !peer || !peer_is_signed(peer))
        return event->advice;
    dns_name_to_text(&peer->keyring.keys[0]->name, t->key);
    if (peer->role == PEER_PRIMARY)
        return advice_say(
            out,
            "%s has a key here but sent its NOTIFY without TSIG; have it sign with key %s "
            "(BIND: also-notify { ADDRESS key ...; }), or write unsigned-notify = accept in "
            "[primary %s]",
            peer->name, t->key, peer->name);
    return advice_say(
        out,
        "%s has a key here but asked without TSIG; have it sign with key %s, or write "
        "mode = observe in [secondary %s] until it does",
        peer->name, t->key, peer->name);
}

static const char *advice_operation(const struct relay_event *event, char *out)
{
    const char *word = "query";
    if (event->opcode == DNS_OPCODE_UPDATE)
        word = "update";
    else if (event->qtype == DNS_TYPE_SOA)
        word = "soa";
    else if (event->qtype == DNS_TYPE_AXFR)
        word = "axfr";
    else if (event->qtype == DNS_TYPE_IXFR)
        word = "ixfr";
    return advice_say(out, "add %s to allow in [secondary %s] if it may", word, event->peer->name);
}

static const char *advice_refusal(const struct relay_event *event, struct advice_texts *t,
                                  char *out)
{
    switch (event->result) {
    case RESULT_UNKNOWN_SOURCE:
        return advice_unknown_source(event, t, out);
    case RESULT_NOT_HEARD_HERE:
        return advice_unheard(event, t, out);
    case RESULT_KEY_FROM_ELSEWHERE:
        return advice_elsewhere(event, t, out);
    case RESULT_NO_TSIG:
        return advice_no_tsig(event, t, out);
    case RESULT_OPERATION_NOT_ALLOWED:
        return event->peer ? advice_operation(event, out) : NULL;
    case RESULT_ZONE_NOT_ALLOWED:
        if (!event->peer)
            return NULL;
        return advice_say(out, "add %s to zones in [secondary %s] if it may have it",
                          advice_zone(event, t->zone), event->peer->name);
    default:
        return event->advice;
    }
}

/* Keys. */

static const char *advice_bad_key(const struct relay_event *event, struct advice_texts *t,
                                  char *out)
{
    const struct peer *peer = event->peer;
    dns_name_to_text(event->key_name, t->key);
    if (event->expected && event->offered) {
        char offered[DNS_NAME_TEXT_SIZE];
        dns_name_to_text(event->offered, offered);
        return advice_say(
            out,
            "%s signs with %s, but its key %s has algorithm = %s here; write the same on both "
            "sides",
            peer->name, offered, t->key, event->expected->algorithm->text);
    } else if (peer_is_signed(peer)) {
        char has[DNS_NAME_TEXT_SIZE];
        advice_say(out,
                   "%s signs with key %s, which it does not have here; add that key and name it in "
                   "key of [%s %s], or have it use %s",
                   peer->name, t->key, advice_role(peer), peer->name,
                   dns_name_to_text(&peer->keyring.keys[0]->name, has));
    } else {
        advice_say(out, "%s signs with key %s, and [%s %s] has no key; add it", peer->name, t->key,
                   advice_role(peer), peer->name);
    }
    return out;
}

/* A request's; "its clock is 412 s ahead" stands before. */
static const char *advice_tsig(const struct relay_event *event, struct advice_texts *t, char *out)
{
    if (!event->peer || !event->key_name)
        return event->advice;
    switch (event->tsig_error) {
    case TSIG_BADKEY:
        return advice_bad_key(event, t, out);
    case TSIG_BADSIG:
        return advice_say(out, "the secret of key %s is another one at %s; compare both",
                          advice_key(event, t->key), event->peer->name);
    case TSIG_BADTRUNC:
        return advice_say(
            out,
            "its MACs are cut to %u octets; write minimum-mac = %u in the section of key %s if "
            "that is meant",
            event->mac_len, event->mac_len, advice_key(event, t->key));
    default:
        return event->advice;
    }
}

/* An answer's; what is unsigned proves nothing. */
static const char *advice_bad_answer(const struct relay_event *event, struct advice_texts *t,
                                     char *out)
{
    const struct peer *peer = event->peer;
    bool says_badkey = event->tsig_error == TSIG_BADKEY;
    if (!peer || !event->key || (event->result == RESULT_UNSIGNED_ANSWER && event->advice))
        return event->advice;
    dns_name_to_text(&event->key->name, t->key);
    if (says_badkey || event->result == RESULT_UNSIGNED_ANSWER)
        return advice_say(out, "%s %s %s (unsigned, so not proven); give it key %s with %s",
                          advice_role(peer), peer->name,
                          says_badkey ? "says BADKEY" : "answered without TSIG", t->key,
                          event->key->algorithm->text);
    if (event->tsig_error == TSIG_BADSIG)
        return advice_say(out,
                          "%s %s says BADSIG (unsigned, so not proven); compare the secret of key "
                          "%s on both sides",
                          advice_role(peer), peer->name, t->key);
    return event->advice;
}

/* Others that refuse. */

static const char *advice_cure_of_transfer(const struct relay_event *event, struct advice_texts *t,
                                           char *out)
{
    const char *zone = advice_zone(event, t->zone);
    switch (event->rcode) {
    case DNS_RCODE_REFUSED:
        return advice_say(out, "allow transfers of %s from %s there", zone,
                          advice_us(event, t->us));
    case DNS_RCODE_NOTAUTH:
    case DNS_RCODE_NXDOMAIN:
        return advice_say(out, "does it serve %s, and allow transfers from %s?", zone,
                          advice_us(event, t->us));
    case DNS_RCODE_SERVFAIL:
        return advice_say(out, "has it loaded %s without an error?", zone);
    case DNS_RCODE_FORMERR:
        return advice_say(out, "if it does not know EDNS, write edns = strip in [primary %s]",
                          event->server->name);
    default:
        return "ask its administrator";
    }
}

static const char *advice_cure_of_notify(const struct relay_event *event, struct advice_texts *t,
                                         char *out)
{
    const char *zone = advice_zone(event, t->zone);
    switch (event->rcode) {
    case DNS_RCODE_REFUSED:
        return advice_say(out, "allow NOTIFYs for %s from %s there", zone, advice_us(event, t->us));
    case DNS_RCODE_NOTAUTH:
    case DNS_RCODE_NXDOMAIN:
        return advice_say(out, "configure %s there, with %s as its primary", zone,
                          advice_us(event, t->us));
    case DNS_RCODE_NOTIMP:
        return advice_say(out, "if it takes no NOTIFYs, write notify = no in [secondary %s]",
                          event->peer->name);
    default:
        return "ask its administrator";
    }
}

/* "primary hq answered REFUSED: allow transfers of example.org from 10.0.0.2 there" */
static const char *advice_error(const struct relay_event *event, struct advice_texts *t, char *out)
{
    const struct peer *who = event->type == EVENT_NOTIFY ? event->peer : event->server;
    char cure[ADVICE_SIZE], rcode[DNS_TEXT_SIZE];
    if (!who || !event->has_rcode)
        return event->advice;
    const char *text = event->type == EVENT_NOTIFY ? advice_cure_of_notify(event, t, cure)
                                                   : advice_cure_of_transfer(event, t, cure);
    return advice_say(out, "%s %s answered %s: %s", advice_role(who), who->name,
                      dns_text_rcode(event->rcode, rcode), text);
}

static const char *advice_no_transfer(const struct relay_event *event, struct advice_texts *t,
                                      char *out)
{
    if (!event->server)
        return event->advice;
    return advice_say(
        out, "primary %s answered without the zone: does it serve %s, and allow transfers from %s?",
        event->server->name, advice_zone(event, t->zone), advice_us(event, t->us));
}

/* It could not be reached, or would not talk. */
static const char *advice_silence(const struct relay_event *event, struct advice_texts *t,
                                  char *out)
{
    const struct peer *peer = event->peer;
    char at[ADDRESS_TEXT_SIZE];
    if (event->advice || !peer || !event->address)
        return event->advice;
    address_to_text(event->address, at);
    const char *over = event->transport == RELAY_TCP ? "TCP" : "UDP";
    if (event->result == RESULT_TIMEOUT)
        return advice_say(
            out,
            "%s %s was asked at %s and did not answer in time; does it run, and does a packet "
            "filter let %s through both ways?",
            advice_role(peer), peer->name, at, over);
    if (event->result == RESULT_CANNOT_CONNECT)
        return advice_say(
            out,
            "no connection to %s %s at %s; does it run, and does a packet filter let %s "
            "through?",
            advice_role(peer), peer->name, at, over);
    return advice_say(
        out,
        "%s %s at %s closed the connection without an answer; does its access list have "
        "%s?",
        advice_role(peer), peer->name, at, advice_us(event, t->us));
}

static const char *advice_asleep(const struct relay_event *event, char *out)
{
    char at[ADDRESS_TEXT_SIZE];
    if (!event->peer || !event->address)
        return NULL;
    return advice_say(
        out,
        "secondary %s did not answer at %s within a second; others are answered without it, "
        "and it is told again later",
        event->peer->name, address_to_text(event->address, at));
}

static const char *advice_specific(const struct relay_event *event, struct advice_texts *t,
                                   char *out)
{
    if (event->type == EVENT_REFUSED)
        return advice_refusal(event, t, out);
    switch (event->result) {
    case RESULT_REFUSED:
        return advice_tsig(event, t, out);
    case RESULT_BAD_ANSWER:
    case RESULT_UNSIGNED_ANSWER:
        return advice_bad_answer(event, t, out);
    case RESULT_ERROR:
        return advice_error(event, t, out);
    case RESULT_NO_TRANSFER:
        return advice_no_transfer(event, t, out);
    case RESULT_TIMEOUT:
    case RESULT_CANNOT_CONNECT:
    case RESULT_CLOSED:
        return advice_silence(event, t, out);
    case RESULT_ASLEEP:
        return advice_asleep(event, out);
    case RESULT_NO_ANSWER:
        return "none of its primaries answered; a line before this one says why";
    default:
        return event->advice;
    }
}

const char *advice_of(const struct relay_event *event, char out[ADVICE_SIZE])
{
    struct advice_texts texts;
    const char *advice = advice_specific(event, &texts, out);
    if (!advice)
        advice = report_result_advice(event->result);
    if (!event->has_skew || event->type == EVENT_VERIFIED)
        return advice;
    char clock[ADVICE_SIZE];
    long long skew = event->skew;
    advice_say(clock, "its clock is %lld s %s; %s", skew < 0 ? -skew : skew,
               skew < 0 ? "behind" : "ahead", advice ? advice : "check NTP");
    return advice_say(out, "%s", clock);
}
