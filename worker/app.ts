/**
 * The edge's HTTP side. A request passes CORS, then the gate (who is asking), then its route; routes ask D1 for what
 * lists need and a server's `Host` object for everything a mission owns. Every failure is one line of text.
 */
import { Hono } from 'hono';
import { gate } from './auth/gate.ts';
import { authMode } from './auth/mode.ts';
import type { Bound } from './http/context.ts';
import { cors } from './http/cors.ts';
import { textError } from './http/errors.ts';
import { notFound } from './http/not-found.ts';
import { collapsedPath, wellFormedUrl } from './http/path.ts';
import { readRest } from './http/read-rest.ts';
import { terminal } from './routes/console.ts';
import { control } from './routes/control.ts';
import { desktop } from './routes/desktop.ts';
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
import { mcp, tools } from './routes/mcp.ts';
import { mission } from './routes/mission.ts';
import { missions } from './routes/missions.ts';
import { monitoring } from './routes/monitoring.ts';
import { diagnostics, openCode } from './routes/opencode.ts';
import { providers } from './routes/providers.ts';
import { queue } from './routes/queue.ts';
import { relay } from './routes/relay.ts';
import { requests } from './routes/requests.ts';
import { secrets } from './routes/secrets.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { system } from './routes/system.ts';
import { workspaces } from './routes/workspaces.ts';

const app = new Hono<Bound>({ getPath: collapsedPath });

app.use(cors((env) => authMode(env).kind === 'disabled'));
app.use(readRest);
app.use(wellFormedUrl);
app.use('/api/*', gate);

app.route('/api/health', health);
app.route('/api/auth/login', login);
app.route('/api/stats', stats);
app.route('/api', legacy);
app.route('/api', providers);
app.route('/api/workspaces', workspaces);
app.route('/api/library', library);
app.route('/api/mcp', mcp);
app.route('/api/tools', tools);
app.route('/api/opencode', openCode);
app.route('/api/secrets', secrets);
app.route('/api/desktop', desktop);
app.route('/api/console', terminal);
app.route('/api/system', system);
app.route('/api/monitoring', monitoring);

app.route('/api/control/stream', stream);
app.route('/api/control/missions', missions);
app.route('/api/control/missions', mission);
app.route('/api/control/queue', queue);
app.route('/api/control/diagnostics/opencode', diagnostics);
app.route('/api/control', requests);
app.route('/api/control', control);

app.route('/api/fs', files);

app.route('/api/hosts', hosts);
app.route('/api/host/link', link);
app.route('/api/host/relay', relay);
app.route('/api/internal', internal);
app.route('/install.sh', install);
app.route('/', front);

app.onError(textError);
app.notFound(notFound(app));

export { app };
