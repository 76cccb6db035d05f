/* A configuration parsed from texts in memory, for the tests of relay/. One per test. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "config/config.h"

#define CONFIG_FIXTURE_PATH "/etc/t/main.ini"

/* A key, a primary, and a secondary that has the key, in lines 1 to 7, and nothing to find. */
#define CONFIG_FIXTURE_BASE                                                                        \
    "[key k]\nsecret-file = k.key\n"                                                               \
    "[primary hq]\naddress = 10.0.0.1\n"                                                           \
    "[secondary any]\naddress = 192.0.2.1\nkey = k\n"

/* 32 octets. */
#define CONFIG_FIXTURE_SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/* 20 and 64 octets. */
#define CONFIG_FIXTURE_SECRET_20 "AAECAwQFBgcICQoLDA0ODxAREhM="
#define CONFIG_FIXTURE_SECRET_64                                                                   \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"                                                 \
    "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="

extern struct config *config_fixture;
extern struct config_report config_fixture_report;

/* Adds a file; "/etc/t/k.key" is there already. A folder "locked" cannot be listed. */
void config_fixture_file(const char *path, const char *text, unsigned mode);

/* All files are this user's; root and 953, who is tsig-proxy, are trusted. */
void config_fixture_own(unsigned uid);

/* $CREDENTIALS_DIRECTORY; NULL: there is none. And whether the configuration is to be served. */
void config_fixture_credentials(const char *folder, bool only_looks);

void config_fixture_forget(void); /* the file added last */

/* Parses the main file; 0 or the error of config_parse. */
int config_fixture_parse(const char *text);
int config_fixture_parse_octets(const char *text, size_t len);

/* All findings, as "LINE: error: sentence\n" and so on; outside the main file "FILE:LINE: …". */
const char *config_fixture_findings(void);

void config_fixture_release(void);

#endif
