/** Which Linux user an owner's agents are. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { oneByOne } from '../process/one-by-one.ts';
import { replaceFile } from '../process/replace-file.ts';
import { textOfFile } from '../process/text-file.ts';

/** Above what distributions give to people, services and (subuid) their containers; containers of ours come higher. */
const range = { from: 700_000, below: 800_000 };

/** All of them, also of other installations on this machine, as nftables writes it. */
export const agentNumbers = `${range.from}-${range.below - 1}`;

const kept = z.strictObject({
  /** The next that nobody was given yet: also of an owner who is gone, files may be left. */
  next: z.int(),
  users: z.array(z.tuple([z.string(), z.int()])),
});

export interface Users {
  /** The number of an owner's user, the same for ever. Rejects when it can't be written down, or none is left. */
  of(owner: string): Promise<number>;
  /** Whose number it is. */
  ownerOf(uid: number): string | undefined;
}

/** Throws where the file is there and is not ours: whoever began anew would give numbers out twice. */
export const openUsers = async (path: string): Promise<Users> => {
  const text = await textOfFile(path);
  const { next: first, users } = text === undefined ? { next: range.from, users: [] } : kept.parse(JSON.parse(text));
  const known = new Map(users);
  let next = first;
  const inTurn = oneByOne();

  const draw = async (owner: string): Promise<number> => {
    const before = known.get(owner);
    if (before !== undefined) return before;
    const isTaken = await takenNumbers();
    let uid = next;
    while (isTaken(uid)) uid += 1;
    if (uid >= range.below) throw new Error(`no number of a user is left below ${range.below}`);
    const all = [...known, [owner, uid]];
    await replaceFile(path, JSON.stringify({ next: uid + 1, users: all }), 0o600);
    known.set(owner, uid);
    next = uid + 1;
    return uid;
  };

  return {
    ownerOf: (uid) => [...known].find(([, number]) => number === uid)?.[0],
    of: (owner) => inTurn(() => draw(owner)),
  };
};

/** Numbers that this machine uses for somebody else: its users and groups, and what containers were promised. */
export const takenNumbers = async (): Promise<(uid: number) => boolean> => {
  const lines = async (path: string): Promise<string[][]> =>
    (await readFile(path, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const [users, groups, subUsers, subGroups] = await Promise.all(
    ['/etc/passwd', '/etc/group', '/etc/subuid', '/etc/subgid'].map(lines),
  );
  const single = new Set([...(users ?? []), ...(groups ?? [])].map(([, , number]) => Number(number)));
  const spans = [...(subUsers ?? []), ...(subGroups ?? [])].map(([, from, count]) => [Number(from), Number(count)]);
  return (uid) => single.has(uid) || spans.some(([from = 0, count = 0]) => uid >= from && uid < from + count);
};
