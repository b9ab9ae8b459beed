import { desktopRoutes } from '../../shared/routes/absent.ts';
import { notYet } from '../http/not-yet.ts';
import { on, type Served } from '../http/on.ts';
import { requireHandshake } from '../http/socket.ts';

export const noTerminals = 'This version of Open Agent has no terminals yet: log in to the server with ssh.';

/** The terminal of the console page (contract §7.2). */
export const terminal: Served[] = [
  on(desktopRoutes.terminal, ({ c }) => {
    requireHandshake(c);
    return notYet(noTerminals)(c);
  }),
];
