import packageJson from '../../package.json';
import { generalRoutes } from '../../shared/routes/general.ts';
import { directory } from '../directory/directory.ts';
import { upsertHost } from '../directory/hosts.ts';
import { applyMigrations } from '../directory/migrations.ts';
import { callObject } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';

/** What the launcher does at every start, and nobody on Cloudflare, where it does not exist. */
export const internal: Served[] = [
  on(generalRoutes.setup, async ({ c, body: { host } }) => {
    const { credential_sha256: credentialSha256, workspace_id: workspaceId, ...rest } = host;
    await applyMigrations(c.env.DB);
    await upsertHost(directory(c.env), { ...rest, credentialSha256, workspaceId }, c.env.clock.now());
    // Also of one that was removed: from here on its object lets it in again.
    await callObject(c.env, host.id, (object) => object.setCredential({ sha256: credentialSha256, epoch: host.epoch }));
    return { ok: true, version: packageJson.version };
  }),
];
