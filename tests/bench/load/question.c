#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign.h"
#include "source.h"

#define QUESTION_STRIDE 7919 /* a prime: peers and zones come here and there, each as often */
#define QUESTION_LABEL  7    /* label lengths step so from zone to zone */

static void question_name(char text[SIGN_NAME_SIZE], size_t zone, size_t padding)
{
    static const char filling[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    size_t len = padding ? zone * QUESTION_LABEL % padding + 1 : 0;
    net_must(len < sizeof filling, "padding");
    if (padding)
        snprintf(text, SIGN_NAME_SIZE, "zone%zu.%.*s.example", zone, (int)len, filling);
    else
        snprintf(text, SIGN_NAME_SIZE, "zone%zu.example", zone);
}

struct question *question_make(const struct question_mix *mix, size_t count)
{
    struct signer *signers = sign_keys(mix->secondaries);
    struct question *questions = calloc(count, sizeof *questions);
    net_must(questions, "calloc");
    for (size_t i = 0; i < count; i++) {
        struct question *q = &questions[i];
        size_t who = mix->zones ? 0 : i * QUESTION_STRIDE % mix->secondaries;
        size_t zone = mix->zones ? i * QUESTION_STRIDE % mix->zones : who;
        char name[SIGN_NAME_SIZE];
        struct tsig_chain chain = tsig_chain_request();
        question_name(name, zone, mix->padding);
        size_t len = sign_question(q->octets, sizeof q->octets, 0, name, DNS_TYPE_SOA);
        dns_wire_set_u16_at(q->octets, (uint16_t)i);
        q->from = net_secondary(who);
        if (mix->secondaries)
            len = sign(&signers[who], &chain, q->octets, len, sizeof q->octets);
        q->len = (uint16_t)len;
    }
    sign_free(signers, mix->secondaries);
    return questions;
}

void question_serve(int primary)
{
    static struct net_datagram burst[NET_BURST];
    size_t count = net_receive(primary, burst);
    for (size_t i = 0; i < count; i++)
        burst[i].len = source_answer(burst[i].octets, sizeof burst[i].octets, 7);
    net_send(primary, burst, count);
}

bool question_is_answered(const struct net_datagram *answer, bool is_signed)
{
    const uint8_t *octets = answer->octets;
    return answer->len > DNS_HEADER_SIZE && !(octets[3] & DNS_MASK_RCODE) &&
           dns_wire_u16_at(octets + DNS_COUNTS_AT + 2) == 1 &&
           dns_wire_u16_at(octets + DNS_ARCOUNT_AT) == (is_signed ? 1 : 0);
}
