import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { jsonBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { requireHandshake } from '../http/socket.ts';

const keepAliveBody = z.object({ extension_secs: z.number().int().nonnegative().nullish() });

/** Desktops of missions (contract §2.11, §7.4): this version starts none, so there are none to show, keep or close. */
export const desktop = routes()
  .get('/sessions', (c) => c.json({ sessions: [] }))
  .post('/sessions/cleanup', (c) => c.json({ success: true, message: 'No orphaned desktop sessions' }))
  .post('/sessions/:display/close', (c) => noSession(c))
  .post('/sessions/:display/keep-alive', async (c) => {
    await jsonBody(c, keepAliveBody);
    return noSession(c);
  })
  .get('/stream', (c) => {
    requireHandshake(c);
    const display = c.req.query('display');
    if (display === undefined) throw new AppError('bad_request', 'Invalid query: display is missing');
    if (!display.startsWith(':')) throw new AppError('bad_request', 'Invalid display format');
    return notYet('This version of Open Agent starts no desktops yet: there is none to stream.')(c);
  });

/** The colon of a display comes literally, or not at all. */
const noSession = (c: Context): never => {
  const number = /^:?(\d+)$/.exec(c.req.param('display') ?? '')?.[1];
  if (number === undefined) throw new AppError('bad_request', 'Invalid display format');
  throw new AppError('not_found', `No mission has a desktop session on display :${number}`);
};
