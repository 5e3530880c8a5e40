/*
 * A session of frames: in order, each once, sent again until it arrives (go-back-n, window by bytes). The host watches the time
 * and asks again; the device keeps what it sent until the host has it.
 */
#ifndef BRIDGE_SESSION_H
#define BRIDGE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

/* Bytes of frames that were sent and may be asked for again. */
#ifndef BRIDGE_KEPT
#define BRIDGE_KEPT 1024
#endif

/* What went wrong since hello. */
typedef struct {
  uint32_t damaged, out_of_turn, dropped;
} session_counts;

/* Whether the host has said hello and not bye. */
int session_is_open(void);
session_counts session_counted(void);

/* Takes a frame as it came between two zeros. */
void session_take(uint8_t *wire, size_t count);

/* Says that what came last was no frame. */
void session_damaged(void);

/* Content of the next message to send: up to BRIDGE_PAYLOAD bytes. */
uint8_t *session_content(void);

/* Sends it; 0, and it is counted, where no session is open or what is kept leaves no room. */
int session_send(uint8_t type, size_t count);

/* To be carried out by the firmware: a message that came in its turn. */
void bridge_message(uint8_t type, uint8_t seq, const uint8_t *content, size_t count);

/* The host has opened a session, or left. */
void bridge_session_began(void);
void bridge_session_ended(void);

#endif
