import packageJson from '../../package.json';
import { AppError } from '../../shared/errors.ts';
import { openCodeRoutes } from '../../shared/routes/opencode.ts';
import type { HostRow } from '../directory/hosts.ts';
import { hostOfQuery } from '../hosts/chosen.ts';
import type { Context } from '../http/context.ts';
import { on, type Served } from '../http/on.ts';
import { stateOf } from './opencode.ts';

const here =
  'Updates are not started from the dashboard. On a server that its edge installed, run `openagent update`; elsewhere update Open Agent ' +
  'the way it was installed (INSTALL.md).';

/** Components by the names that the web app has labels for, and how each is updated. */
const updates: Record<string, string> = {
  open_agent: here,
  opencode: `OpenCode comes with Open Agent, in the version that fits it. ${here}`,
  oh_my_opencode: 'oh-my-opencode is not installed: this version does without it.',
};

/**
 * What the system consists of (contract §2.12): the edge's own version, and the OpenCode of the default server or of
 * `?host=`.
 */
export const system: Served[] = [
  on(openCodeRoutes.components, async ({ c }) => {
    const host = await hostOfQuery(c);
    return { components: [openAgent, await openCodeOf(c, host), component('oh_my_opencode', 'not_installed')] };
  }),
  on(openCodeRoutes.updateComponent, ({ c, params: { name } }) => {
    const text = Object.hasOwn(updates, name) ? updates[name] : undefined;
    if (text === undefined) throw new AppError('bad_request', `Unknown component: ${name}`);
    // The web app reads nothing but lines that begin with `data: `.
    const line = JSON.stringify({ event_type: 'error', message: text, progress: null });
    return c.body(`data: ${line}\n\n`, 200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  }),
];

interface Component {
  name: string;
  version: string | null;
  installed: boolean;
  update_available: null;
  path: string | null;
  status: 'ok' | 'not_installed' | 'error';
}

const component = (name: string, status: Component['status'], more: Partial<Component> = {}): Component => ({
  name,
  version: null,
  installed: status !== 'not_installed',
  update_available: null,
  path: null,
  status,
  ...more,
});

const openAgent = component('open_agent', 'ok', { version: packageJson.version });

/** Every server has one; an `error` is one that does not answer now. */
const openCodeOf = async (c: Context, host: HostRow | null): Promise<Component> => {
  if (host === null) return component('opencode', 'not_installed');
  const { version, path } = await stateOf(c, host);
  return component('opencode', version === null ? 'error' : 'ok', { version, path });
};
