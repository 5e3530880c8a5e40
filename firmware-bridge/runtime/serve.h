/* The loop: bytes of the link to the dialect that they belong to. */
#ifndef BRIDGE_SERVE_H
#define BRIDGE_SERVE_H

/* Takes what came over the link in the middle of long work: a host that opens a session anew ends it. */
void bridge_poll(void);

/* Whether it is called from there. */
int bridge_is_busy(void);

/* Text for people: an event of the session, nothing where none is open. */
void bridge_log(const char *text);

#endif
