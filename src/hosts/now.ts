/** The clock of the Node host: monotonic seconds, the same for all threads of the process. */
export function nowS(): number {
  return (performance.timeOrigin + performance.now()) / 1000
}
