import { routes } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { requireHandshake } from '../http/socket.ts';

export const noTerminals = 'This version of Open Agent has no terminals yet: log in to the server with ssh.';

/** The terminal of the console page (contract §7.2). */
export const terminal = routes().get('/ws', (c) => {
  requireHandshake(c);
  return notYet(noTerminals)(c);
});
