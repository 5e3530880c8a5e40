import type { Host } from './host.ts'

/** Why this user cannot open a port that is there, and the command that cures it; null when nothing keeps him from it. */
export async function portProblem(
  host: Pick<Host, 'system'>,
  path: string,
): Promise<{ readonly reason: string; readonly next: string } | null> {
  if (!path.startsWith('/') || !(await host.system.exists(path)) || (await host.system.isAccessible(path))) return null
  return {
    reason: `this user may not open ${path}`,
    next: 'Add the user to the group that owns the port (sudo usermod -aG dialout $USER; on Arch Linux the group is uucp), then log in again.',
  }
}
