import packageJson from '../../package.json';
import { generalRoutes } from '../../shared/routes/general.ts';
import { directory } from '../directory/directory.ts';
import { upsertHost } from '../directory/hosts.ts';
import { applyMigrations } from '../directory/migrations.ts';
import { on, type Served } from '../http/on.ts';

/** What the launcher does at every start, and nobody on Cloudflare, where it does not exist. */
export const internal: Served[] = [
  on(generalRoutes.setup, async ({ c, body: { host } }) => {
    const { credential_sha256: credentialSha256, workspace_id: workspaceId, ...rest } = host;
    await applyMigrations(c.env.DB);
    await upsertHost(directory(c.env), { ...rest, credentialSha256, workspaceId }, c.env.clock.now());
    return { ok: true, version: packageJson.version };
  }),
];
