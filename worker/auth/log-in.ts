import type { Env } from '../env.ts';
import { hashing } from './hashing.ts';
import { accountNamed, checkCredentials, costsHash, issueToken } from './login.ts';
import { allowLogin, countLogin, forgiveLogin, mayLookUp, rememberedLogin, triedLogin } from './login-limit.ts';
import { authMode, passwordMark } from './mode.ts';
import type { Derive } from './password.ts';
import { scryptInSlices } from './scrypt.ts';

/** Where no password is kept as a hash, none is computed. */
const noHash: Derive = () => {
  throw new Error('a password was hashed without a place in line');
};

/**
 * A token for a name and password (contract §2.1): who may try, then whether there is room for a hash, then the count,
 * and only then the hash. So what is refused costs next to nothing, and leaves no row. `generationOf` asks the user's
 * account what the new login has in common with the others.
 */
export const logIn = async (
  env: Env,
  from: string,
  { password, username }: { password: string; username: string | null },
  generationOf: (owner: string) => Promise<string>,
): Promise<{ token: string; exp: number }> => {
  const mode = authMode(env);
  // Nobody can log in, and the text says why.
  if (mode.kind === 'disabled' || mode.kind === 'misconfigured') {
    await checkCredentials(mode, password, username, noHash);
  }
  const { clock } = env;
  const tried = triedLogin(env, from, accountNamed(mode, username));
  const here = rememberedLogin(env, tried, clock.now());
  // A flood fills the line: then D1 is not asked for each of it.
  if (costsHash(mode) && here !== 'known' && !mayLookUp(env, here, clock.now())) {
    hashing.requireRoom({ address: from, isKnown: false }, clock);
  }
  const isKnown = await allowLogin(env, tried, clock.now());
  const check = async (derive: Derive) => {
    await countLogin(env, tried, isKnown, clock.now());
    return checkCredentials(mode, password, username, derive);
  };
  const user = costsHash(mode)
    ? await hashing.withPlace({ address: from, isKnown }, clock, (inTurn) =>
        check((text, salt, length, cost) => inTurn((pause) => scryptInSlices(text, salt, length, cost, pause))),
      )
    : await check(noHash);
  const login = { generation: await generationOf(user.id), passwordMark: passwordMark(mode, user.id) ?? '' };
  const issued = await issueToken(user, login, env.JWT_TTL_DAYS, clock.now());
  forgiveLogin(env, tried, isKnown, clock.now());
  return issued;
};
