import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import * as z from 'zod';
import { uuid } from '../../../shared/ids.ts';
import { StartError } from '../../config/start-error.ts';
import { writePrivateFile } from '../../process/private-file.ts';
import { readStateJson } from './state-json.ts';

/** host.json: who this server is to its edge, and how the host-agent dials it. */
const hostFile = z.object({
  id: uuid,
  name: z.string(),
  url: z.string(),
  /** The secret half of the bearer token `<id>.<credential>`; the edge knows only its hash. */
  credential: z.string(),
  epoch: z.int(),
  workspaceId: uuid,
  /** Set by `openagent enroll`: the edge is not one that the launcher starts here. */
  elsewhere: z.literal(true).optional(),
  /** Hash of the code it was enrolled with, so that the same command given again is no error. */
  codeSha256: z.string().optional(),
});
export type HostFile = z.infer<typeof hostFile>;

/** host.json as it is, or undefined where this server is not enrolled. */
export const readEnrolment = (path: string): Promise<HostFile | undefined> => readStateJson(path, hostFile);

export const writeEnrolment = (path: string, host: HostFile): Promise<void> =>
  writePrivateFile(path, JSON.stringify(host));

/**
 * This server's enrolment at the edge that the launcher starts on `url`: drawn at the first start, kept ever after.
 * Only the address may change. Throws StartError on a server of another edge, which must not lose its credential by a
 * wrong command.
 */
export const enrol = async (path: string, url: string): Promise<HostFile> => {
  const known = await readEnrolment(path);
  if (known?.elsewhere) {
    throw new StartError(
      `This server is enrolled at ${known.url}: run \`openagent agent\`. For an edge of its own, set another WORKING_DIR.`,
    );
  }
  const host: HostFile = {
    ...(known ?? {
      id: randomUUID(),
      name: hostname(),
      credential: randomBytes(32).toString('base64url'),
      epoch: 1,
      workspaceId: randomUUID(),
    }),
    url,
  };
  if (known?.url !== url) await writeEnrolment(path, host);
  return host;
};

/** The enrolment at an edge that runs elsewhere. Throws StartError where there is none. */
export const enrolledElsewhere = async (path: string): Promise<HostFile> => {
  const known = await readEnrolment(path);
  if (known?.elsewhere) return known;
  const reason = known
    ? 'This server belongs to the edge that `openagent up` starts here: use that command'
    : `This server is not enrolled (${path} does not exist)`;
  throw new StartError(
    `${reason}, or enrol it: \`openagent enroll <url> <code>\`. An admin makes the code with \`openagent hosts add\`.`,
  );
};

/** What `POST /api/internal/setup` is told: a hash instead of the credential. */
export const setupBody = (host: HostFile) => ({
  host: {
    id: host.id,
    name: host.name,
    credential_sha256: createHash('sha256').update(host.credential).digest('hex'),
    epoch: host.epoch,
    workspace_id: host.workspaceId,
  },
});
