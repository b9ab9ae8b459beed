/**
 * The edge's HTTP side. A request passes CORS, then the gate (may who asks do this?), then its route as it is declared
 * in shared/routes; routes ask D1 for what lists need and a server's `Host` object for everything a mission owns. Every
 * failure is one line of text.
 */
import { Hono } from 'hono';
import { authMode } from './auth/mode.ts';
import { gate } from './gate.ts';
import type { Bound } from './http/context.ts';
import { cors } from './http/cors.ts';
import { textError } from './http/errors.ts';
import { mount } from './http/mount.ts';
import { notFound } from './http/not-found.ts';
import type { Served } from './http/on.ts';
import { collapsedPath, wellFormedUrl } from './http/path.ts';
import { readRest } from './http/read-rest.ts';
import { asks } from './routes/asks.ts';
import { changes } from './routes/changes.ts';
import { terminal } from './routes/console.ts';
import { control } from './routes/control.ts';
import { desktop } from './routes/desktop.ts';
import { docs } from './routes/docs.ts';
import { files } from './routes/files.ts';
import { front } from './routes/front.ts';
import { health } from './routes/health.ts';
import { hosts } from './routes/hosts.ts';
import { install } from './routes/install.ts';
import { internal } from './routes/internal.ts';
import { legacy } from './routes/legacy.ts';
import { library } from './routes/library.ts';
import { link } from './routes/link.ts';
import { login } from './routes/login.ts';
import { logout } from './routes/logout.ts';
import { mcp } from './routes/mcp.ts';
import { mission } from './routes/mission.ts';
import { missions } from './routes/missions.ts';
import { monitoring } from './routes/monitoring.ts';
import { diagnostics, openCode } from './routes/opencode.ts';
import { ports } from './routes/ports.ts';
import { providers } from './routes/providers.ts';
import { queue } from './routes/queue.ts';
import { quotas } from './routes/quotas.ts';
import { relay } from './routes/relay.ts';
import { retention } from './routes/retention.ts';
import { secrets } from './routes/secrets.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { system } from './routes/system.ts';
import { workspaces } from './routes/workspaces.ts';

/** What answers each declared route (shared/routes). */
const served: Served[] = [
  ...health,
  ...docs,
  ...login,
  ...logout,
  ...stats,
  ...quotas,
  ...retention,
  ...install,
  ...front,
  ...internal,
  ...missions,
  ...mission,
  ...changes,
  ...control,
  ...stream,
  ...queue,
  ...asks,
  ...diagnostics,
  ...files,
  ...hosts,
  ...monitoring,
  ...link,
  ...relay,
  ...providers,
  ...workspaces,
  ...ports,
  ...openCode,
  ...system,
  ...library,
  ...mcp,
  ...secrets,
  ...desktop,
  ...terminal,
  ...legacy,
];

const app = new Hono<Bound>({ getPath: collapsedPath });

app.use(cors((env) => authMode(env).kind === 'disabled'));
app.use(readRest);
app.use(wellFormedUrl);
app.use('/api/*', gate);
mount(app, served);
app.onError(textError);
app.notFound(notFound);

export { app };
