import { AppError } from '../../shared/errors.ts';
import { desktopRoutes } from '../../shared/routes/absent.ts';
import { notYet } from '../http/not-yet.ts';
import { on, type Served } from '../http/on.ts';
import { requireHandshake } from '../http/socket.ts';

/** Desktops of missions (contract §2.11, §7.4): this version starts none, so there are none to show, keep or close. */
export const desktop: Served[] = [
  on(desktopRoutes.sessions, () => ({ sessions: [] })),
  on(desktopRoutes.cleanup, () => ({ success: true as const, message: 'No orphaned desktop sessions' })),
  on(desktopRoutes.close, ({ params }) => noSession(params)),
  on(desktopRoutes.keepAlive, ({ params }) => noSession(params)),
  on(desktopRoutes.stream, ({ c, query: { display } }) => {
    requireHandshake(c);
    if (display === undefined) throw new AppError('bad_request', 'Invalid query: display is missing');
    if (!display.startsWith(':')) throw new AppError('bad_request', 'Invalid display format');
    return notYet('This version of Open Agent starts no desktops yet: there is none to stream.')(c);
  }),
];

/** The colon of a display comes literally, or not at all. */
const noSession = ({ display }: { display: string }): never => {
  const number = /^:?(\d+)$/.exec(display)?.[1];
  if (number === undefined) throw new AppError('bad_request', 'Invalid display format');
  throw new AppError('not_found', `No mission has a desktop session on display :${number}`);
};
