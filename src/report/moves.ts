import type { SegmentMove } from '../core/segment-move.ts'
import { formatTime } from './format.ts'

/** What happened to a segment whose place failed, as one line. */
export function moveText({ segment, from, to, reason, lostS }: SegmentMove): string {
  return `segment ${segment} moved from ${from} to ${to}: ${reason} (${formatTime(lostS)} lost)`
}
