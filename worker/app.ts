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
import { collapsedPath } from './http/path.ts';
import { control } from './routes/control.ts';
import { health } from './routes/health.ts';
import { hosts } from './routes/hosts.ts';
import { install } from './routes/install.ts';
import { internal } from './routes/internal.ts';
import { legacy } from './routes/legacy.ts';
import { link } from './routes/link.ts';
import { login } from './routes/login.ts';
import { mission } from './routes/mission.ts';
import { missions } from './routes/missions.ts';
import { stats } from './routes/stats.ts';
import { stream } from './routes/stream.ts';
import { workspaces } from './routes/workspaces.ts';

const app = new Hono<Bound>({ getPath: collapsedPath });

app.use(cors((env) => authMode(env).kind === 'disabled'));
app.use('/api/*', gate);

app.route('/api/health', health);
app.route('/api/auth/login', login);
app.route('/api/stats', stats);
app.route('/api', legacy);
app.route('/api/workspaces', workspaces);

app.route('/api/control/stream', stream);
app.route('/api/control/missions', missions);
app.route('/api/control/missions', mission);
app.route('/api/control', control);

app.route('/api/hosts', hosts);
app.route('/api/host/link', link);
app.route('/api/internal', internal);
app.route('/install.sh', install);

app.onError(textError);
app.notFound(notFound(app));

export { app };
