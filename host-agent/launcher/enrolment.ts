import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { uuid } from '../../shared/ids.ts';
import { writePrivateFile } from '../process/private-file.ts';
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
});
export type HostFile = z.infer<typeof hostFile>;

/** This server's enrolment at the edge on `url`: drawn at the first start, kept ever after. Only the address may change. */
export const enrol = async (path: string, url: string): Promise<HostFile> => {
  const host: HostFile = {
    ...((await readStateJson(path, hostFile)) ?? {
      id: randomUUID(),
      name: hostname(),
      credential: randomBytes(32).toString('base64url'),
      epoch: 1,
      workspaceId: randomUUID(),
    }),
    url,
  };
  await writePrivateFile(path, JSON.stringify(host));
  return host;
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
