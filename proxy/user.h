/* Gives up root once the ports are bound. */
#ifndef PROXY_USER_H
#define PROXY_USER_H

/* Becomes `name` for good when the program runs as root; "" or another user: stays. Negative after
 * saying why not on standard error. */
int user_become(const char *name);

#endif
