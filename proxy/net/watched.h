/* Room in a loop for every descriptor that it may have to watch. */
#ifndef NET_WATCHED_H
#define NET_WATCHED_H

#include <uv.h>

/* libuv ends the whole program when a descriptor has a higher number than any before and there is
 * no memory to note it. After this there always is. To be called before anybody is served; what it
 * takes is given back when the loop turns. Negative errno. */
int watched_reserve(uv_loop_t *loop);

#endif
