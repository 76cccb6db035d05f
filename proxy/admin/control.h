/* The control socket: one line of words in, one JSON document out, and the connection ends.
 * Whoever may open the socket may ask.
 *
 * Happy path: control_init; control_open binds a door and listens there, control_use has it take
 * the place of the one before; a client's line is carried out at once, its answer leaves as fast
 * as the client reads.
 * Failure: a client that sends no whole line, or reads too slowly, is closed; who is one too
 * many waits until another has ended. Who is connected when a door closes is served to the end. */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <stdbool.h>
#include <uv.h>

#include "admin/acts.h"
#include "admin/door.h"

/* Each may hold a whole document, and has a descriptor of those that places.c sets aside. */
#define CONTROL_CLIENTS_MAX 8
/* A zone's name as text, a label and a word. */
#define CONTROL_LINE_MAX 2048
#define CONTROL_WORDS    3

struct control_client {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct control *control;
    uint64_t ticket;
    unsigned open; /* handles that are not closed yet; 0: nobody is here */
    bool asked;    /* the line is whole, and its octets are not needed any more */
    size_t len;
    char line[CONTROL_LINE_MAX + 1];
    char *answer; /* owned */
};

struct control {
    uv_loop_t *loop; /* borrowed */
    struct admin_acts acts;
    struct control_hall *hall; /* of the door that is served; NULL: none */
    struct control_client clients[CONTROL_CLIENTS_MAX];
    uint64_t tickets; /* handed out so far */
};

/* Nothing of it keeps the loop running. */
void control_init(struct control *control, uv_loop_t *loop, const struct admin_acts *acts);

/* A hall behind the door at this path. Negative errno, and see door_open. */
int control_open(struct control *control, const char *path, struct control_hall **out,
                 pid_t *holder) MUST_CHECK;
void control_shut(struct control_hall *hall); /* of NULL too */

/* It is the one from now on, or none is; the one before is shut. */
void control_use(struct control *control, struct control_hall *hall);

/* Can it still be reached by its path? */
bool control_stands(const struct control *control);

/* The path where it can be asked; NULL: none. */
const char *control_path(const struct control *control);

/* What an act has left open. Takes the document; who asked may be gone. */
void control_answer(struct control *control, uint64_t ticket, json_t *document);

/* Closes all; then the loop must run to its end. */
void control_close(struct control *control);

#endif
