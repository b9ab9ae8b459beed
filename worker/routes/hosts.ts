import packageJson from '../../package.json';
import { timestamp } from '../../shared/api.ts';
import { enrolBody, type HostJson, newHostBody } from '../../shared/enrolment.ts';
import { AppError } from '../../shared/errors.ts';
import { protocolVersion } from '../../shared/limits.ts';
import { clientAddress } from '../auth/address.ts';
import { countAttempt, enrolmentLimitKey, forgiveFailures } from '../auth/login-limit.ts';
import { directory } from '../directory/directory.ts';
import { keepCode } from '../directory/enrolment.ts';
import { endCredential, findHost, forgetHost, listHosts } from '../directory/hosts.ts';
import { drawEnrolmentCode, enrolmentCodeHash } from '../enrolment/code.ts';
import { enrolHost } from '../enrolment/enrol.ts';
import { ask } from '../host-calls.ts';
import { jsonBody, optionalBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { publicOrigin } from '../http/origin.ts';
import { idParam, pageOf } from '../http/params.ts';

/** The servers of this edge: who they are, and how one comes and goes (shared/enrolment.ts). */
export const hosts = routes()
  .get('/', async (c) => {
    const all = pageOf(c, await listHosts(directory(c.env)));
    const connected = await Promise.all(all.map(({ id }) => ask(c.env, id, (object) => object.isConnected())));
    return c.json(
      all.map(
        ({ id, name, live, createdAt, agents, workingDir }, n): HostJson => ({
          id,
          name,
          connected: connected[n] ?? false,
          live,
          created_at: timestamp(createdAt),
          agents,
          working_dir: workingDir,
        }),
      ),
    );
  })
  .post('/', async (c) => {
    requireAdmin(c);
    const { name } = await optionalBody(c, newHostBody);
    const code = drawEnrolmentCode();
    const stored = { codeSha256: enrolmentCodeHash(code), hostName: name, createdBy: c.get('user').id };
    const expiresAt = await keepCode(directory(c.env), stored, Date.now());
    const origin = publicOrigin(c);
    return c.json({
      code,
      expires_at: timestamp(expiresAt),
      install: `curl -fsS ${origin}/install.sh | sh -s -- ${code}`,
      command: `openagent enroll ${origin} ${code}`,
    });
  })
  .post('/enrol', async (c) => {
    const body = await jsonBody(c, enrolBody);
    if (body.protocol !== protocolVersion) throw new AppError('conflict', versionText(body.version, body.protocol));
    const db = directory(c.env);
    const key = enrolmentLimitKey(clientAddress(c));
    await countAttempt(db, key, Date.now(), 'enrolments');
    const answer = await enrolHost(c.env, body, Date.now());
    await forgiveFailures(db, key);
    return c.json(answer);
  })
  .delete('/:id', async (c) => {
    // Before anything asks for the user: /enrol matches here too, and the gate lets that path in without one.
    const id = idParam(c);
    requireAdmin(c);
    const db = directory(c.env);
    if ((await findHost(db, id)) === null) throw new AppError('not_found', `Server ${id} not found`);
    await endCredential(db, id);
    await ask(c.env, id, (object) => object.remove());
    await forgetHost(db, id, Date.now());
    return c.json({ ok: true, removed: id });
  });

const requireAdmin = (c: Context): void => {
  if (c.get('user').isAdmin) return;
  throw new AppError('forbidden', 'Only an admin may add and remove servers: ask a user marked "admin": true');
};

const versionText = (version: string, protocol: number): string => {
  const older = protocol < protocolVersion ? 'Update Open Agent on the server' : 'Update the edge';
  return `The server's version ${version} does not fit this edge's ${packageJson.version}: ${older}, then enrol again. The code is still good.`;
};
