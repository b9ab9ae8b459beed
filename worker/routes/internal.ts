import { z } from 'zod';
import packageJson from '../../package.json';
import { AppError } from '../../shared/errors.ts';
import { hostId, uuid } from '../../shared/ids.ts';
import { sameSecret } from '../digest.ts';
import { directory } from '../directory/directory.ts';
import { upsertHost } from '../directory/hosts.ts';
import { applyMigrations } from '../directory/migrations.ts';
import { bearerOf } from '../http/bearer.ts';
import { jsonBody } from '../http/body.ts';
import { routes } from '../http/context.ts';

const setupBody = z.object({
  host: z.object({
    id: hostId,
    name: z.string().min(1).max(200),
    credential_sha256: z.string().regex(/^[0-9a-f]{64}$/),
    epoch: z.number().int().nonnegative(),
    workspace_id: uuid,
  }),
});

/** `POST /api/internal/setup`: what the launcher does at every start, and nobody on Cloudflare, where it does not exist. */
export const internal = routes().post('/setup', async (c) => {
  if (c.env.EDGE === undefined || !c.env.INTERNAL_TOKEN) return c.body(null, 404);
  if (!sameSecret(bearerOf(c) ?? '', c.env.INTERNAL_TOKEN)) throw new AppError('unauthorised', 'Wrong internal token');
  const { host } = await jsonBody(c, setupBody);
  const { credential_sha256: credentialSha256, workspace_id: workspaceId, ...rest } = host;
  await applyMigrations(c.env.DB);
  await upsertHost(directory(c.env), { ...rest, credentialSha256, workspaceId }, Date.now());
  return c.json({ ok: true, version: packageJson.version });
});
