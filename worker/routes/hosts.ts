import packageJson from '../../package.json';
import { timestamp } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { protocolVersion } from '../../shared/limits.ts';
import { isOpenOnTheWay } from '../../shared/loopback.ts';
import { serverRoutes } from '../../shared/routes/servers.ts';
import { clientAddress } from '../auth/address.ts';
import { countEnrolment } from '../auth/login-limit.ts';
import { directory } from '../directory/directory.ts';
import { keepCode } from '../directory/enrolment.ts';
import { endCredential, findHost, forgetHost, listHosts } from '../directory/hosts.ts';
import { pruneLater } from '../directory/prune.ts';
import { enrolHost } from '../hosts/enrol.ts';
import { drawEnrolmentCode, enrolmentCodeHash } from '../hosts/enrolment-code.ts';
import { heardOf } from '../hosts/heard.ts';
import { knownMachines } from '../hosts/known.ts';
import { callObject } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';
import { publicOrigin } from '../http/origin.ts';
import { pageOf } from '../http/paging.ts';
import { endTransfers } from '../relay/relay-of.ts';

/** The servers of this edge: who they are, and how one comes and goes (shared/enrolment.ts). */
export const hosts: Served[] = [
  on(serverRoutes.list, async ({ c, principal, query }) => {
    const [enrolled, isKnown] = await Promise.all([listHosts(directory(c.env)), knownMachines(c)]);
    const all = pageOf(c, query, enrolled);
    const isHeard = query.look === 'true' ? await heardOf(c.env, all) : () => true;
    const isAdmin = principal.scopes.includes('admin');
    return all.map(({ id, name, live, createdAt, agents, workingDir, full, connectedSince }) => ({
      id,
      name,
      connected: connectedSince !== null && isHeard(id),
      live: live && isKnown(id),
      created_at: timestamp(createdAt),
      agents,
      working_dir: isKnown(id) ? workingDir : null,
      ...(isAdmin && full > 0 ? { log_full: full } : {}),
    }));
  }),
  on(serverRoutes.invite, async ({ c, user, body: { name } }) => {
    const code = drawEnrolmentCode();
    const stored = { codeSha256: enrolmentCodeHash(code), hostName: name, createdBy: user.id };
    const expiresAt = await keepCode(directory(c.env), stored, c.env.clock.now());
    pruneLater(c.env);
    const origin = publicOrigin(c);
    return {
      code,
      expires_at: timestamp(expiresAt),
      install: `curl -fsS ${origin}/install.sh | sh -s -- ${code}`,
      command: `openagent enroll ${origin} ${code}`,
      warning: isOpenOnTheWay(origin) ? openText(origin) : null,
    };
  }),
  on(serverRoutes.enrol, async ({ c, body }) => {
    if (body.protocol !== protocolVersion) throw new AppError('conflict', versionText(body.version, body.protocol));
    const forgive = await countEnrolment(c.env, clientAddress(c), c.env.clock.now());
    const answer = await enrolHost(c.env, body, c.env.clock.now());
    if (body.host) await endTransfers(c.env, answer.id);
    forgive();
    return answer;
  }),
  on(serverRoutes.remove, async ({ c, principal, params: { id } }) => {
    const db = directory(c.env);
    if ((await findHost(db, id)) === null) throw new AppError('not_found', `Server ${id} not found`);
    await endCredential(db, id);
    await callObject(c.env, id, (object) => object.remove(principal));
    await endTransfers(c.env, id);
    await forgetHost(db, id, c.env.clock.now());
    return { ok: true, removed: id };
  }),
];

const openText = (origin: string): string =>
  `${origin} has no TLS: whoever is on the way can change the script that these lines run as root, and read the code and the server's credential. Put TLS in front and use its https address (INSTALL.md, 1.4; behind a proxy of yours TRUST_PROXY=true makes these lines say https).`;

const versionText = (version: string, protocol: number): string => {
  const older = protocol < protocolVersion ? 'Update Open Agent on the server' : 'Update the edge';
  return `The server's version ${version} does not fit this edge's ${packageJson.version}: ${older}, then enrol again. The code is still good.`;
};
