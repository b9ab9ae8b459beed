// How much of each kind: all of it by `npm run soak` (tools/soak.mjs sets these variables), a little in `npm test`.
import { eventMs, layerMs } from '../support/patience.ts';

const whole = (name: string, short: number): number => {
  const text = process.env[name];
  if (text === undefined || text === '') return short;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${name} takes a whole number from 1, not "${text}"`);
  return Number(text);
};

export const size = {
  /** Servers of one edge; what a user has on three of them is looked at too. */
  servers: whole('SOAK_SERVERS', 12),
  /** Rows of one server's log. A hundredth of them are missions, a thousandth users. */
  events: whole('SOAK_EVENTS', 20_000),
  /** Missions of one server, by the real host-agent and OpenCode. */
  missions: whole('SOAK_MISSIONS', 24),
  /** How long D1 is away. */
  awaySeconds: whole('SOAK_AWAY_SECONDS', 6),
};

/**
 * Sessions that OpenCode keeps in the short form: with few missions some of them have to rest elsewhere. In the long
 * one they are the shipped ones.
 */
export const fewSessions = { most: 8, stay: 4, idle: 2 };
export const isLong = size.missions > 1_000;

/** The limit of a test that does so many things one after the other, each of which is an event. */
export const limitOf = (things: number): number => layerMs.soak + (things * eventMs) / 60;

/** One line of what goes on; a long run shows that it goes on. */
export const tell = (line: string): void => console.log(line);
