// As whom the recorded requests are sent, and when nothing is going on any more.
import { setTimeout as wait } from 'node:timers/promises';
import { personAt } from '../../support/person.ts';
import { stack, token } from '../stage.ts';
import type { Asked } from './exchange.ts';
import type { Masking } from './mask.ts';
import { bob } from './setting.ts';
import { record } from './writing.ts';

export type Who = 'nobody' | 'wrong' | 'bob' | 'ada';
export const everybody = ['nobody', 'wrong', 'bob', 'ada'] as const;

let other: Promise<string> | null = null;
const tokenOfBob = async (): Promise<string> => {
  other ??= stack()
    .anyone.call('POST', '/api/auth/login', bob)
    .then(({ json }) => json.token);
  return other;
};

/** The token of each; none for nobody. */
export const tokenOf = async (who: Who): Promise<string | null> => {
  switch (who) {
    case 'nobody':
      return null;
    case 'wrong':
      return 'a.b.c';
    case 'bob':
      return tokenOfBob();
    case 'ada':
      return token();
  }
};

/** The same request as somebody; a header of its own stays. */
export const as = async (who: Who, asked: Asked): Promise<Asked> => {
  const own = await tokenOf(who);
  return { ...asked, headers: { ...(own === null ? {} : { authorization: `Bearer ${own}` }), ...asked.headers } };
};

/** A request with a JSON body. */
export const post = (path: string, body: unknown, headers: Record<string, string> = {}): Asked => ({
  method: 'POST',
  path,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

/** Records it once for each of them. */
export const asEach = async (asked: Asked, mask: Masking, whos: readonly Who[] = everybody): Promise<void> => {
  for (const who of whos) await record(await as(who, asked), who, mask);
};

/** Kept at work on purpose by the cases. */
const heldTitle = 'Busy';
const lookMs = 120;
const stillLooks = 3;

/** Resolves when nothing is at work but what the cases hold, and no list has changed for a while: titles come late. */
export const settled = async (): Promise<void> => {
  let [before, still] = ['', 0];
  while (still < stillLooks) {
    const seen: string[] = [];
    let isBusy = false;
    for (const who of ['ada', 'bob'] as const) {
      const person = personAt(stack().url, { authorization: `Bearer ${await tokenOf(who)}` });
      const [missions, running, queue] = await Promise.all(
        ['missions?limit=500', 'running', 'queue'].map((path) => person.call('GET', `/api/control/${path}`)),
      );
      const held = new Set(
        missions?.json
          .filter(({ title }: { title: string }) => title === heldTitle)
          .map(({ id }: { id: string }) => id),
      );
      isBusy ||= running?.json.some(({ mission_id }: { mission_id: string }) => !held.has(mission_id)) ?? false;
      const plain = [missions, running, queue].map((list) =>
        list?.text.replaceAll(/"seconds_since_activity":\d+/g, ''),
      );
      seen.push(...plain.map(String));
    }
    const now = seen.join('\n');
    still = !isBusy && now === before ? still + 1 : 0;
    before = now;
    await wait(lookMs);
  }
};
