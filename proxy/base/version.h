/* What this program is, and what it is built of. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* Prints it to standard output, with the versions of its libraries. */
void version_print(void);

#endif
