import { generalRoutes } from '../../shared/routes/general.ts';
import { askAccount } from '../account/asked.ts';
import { clientAddress } from '../auth/address.ts';
import { logIn } from '../auth/log-in.ts';
import { on, type Served } from '../http/on.ts';

/** `POST /api/auth/login`: a token for a password (contract §2.1). */
export const login: Served[] = [
  on(generalRoutes.login, ({ c, body }) => {
    const generationOf = (owner: string) => askAccount(c.env, owner, async (account) => account.generation());
    const answer = logIn(c.env, clientAddress(c), body, generationOf);
    // Goes on when its client has gone: others wait for the hash to be done.
    c.env.later(answer.catch(() => null));
    return answer;
  }),
];
