import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { hostId, uuid } from '../../shared/ids.ts';

const hostFile = z.object({
  id: hostId,
  url: z.url({ protocol: /^https?$/ }),
  /** The secret half of the bearer token `<id>.<credential>`. */
  credential: z.string().min(1),
  epoch: z.number().int().nonnegative(),
  /** What the edge calls this machine as a workspace. */
  workspaceId: uuid,
});

/** How this host dials its edge and what it is called there: the part of `host.json` that the host-agent needs. */
export type HostFile = z.infer<typeof hostFile>;
/** The part of it that the link needs. */
export type Dialling = Omit<HostFile, 'workspaceId'>;

/**
 * Reads `host.json`, written at enrolment. Throws AppError that says to enrol; it never quotes the file, which holds a
 * secret.
 */
export const readHostFile = (path: string): HostFile => {
  try {
    return hostFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new AppError(
      'unavailable',
      `${path} ${missing ? 'does not exist' : 'is damaged'}: this server is not enrolled. Run openagent up, or openagent enroll <url> <code>.`,
    );
  }
};
