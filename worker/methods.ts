import type { Account } from './account/object.ts';
import type { Host } from './host/object.ts';
import type { Principal } from './principal.ts';
import type { Relay } from './relay/object.ts';

/**
 * Who an object's method is for. `owner`: its first argument is, or has, the owner, and nothing of anybody else is
 * shown, changed or told apart from what is not there. `principal`: its first argument is the principal, whose scopes
 * it compares. `user`: all of the object is of the user by whose id it is addressed, which the Worker takes from the
 * principal and from nothing else. `edge`: no person's; this Worker's own code asks, for the reason given.
 */
export type MethodWho = 'owner' | 'principal' | 'user' | { edge: string };

/**
 * What the runtime itself calls: sockets, whose dial says who is there, and the alarm. The last two are its own marks.
 */
export const platformMethods = [
  'fetch',
  'alarm',
  'webSocketMessage',
  'webSocketClose',
  'webSocketError',
  'connect',
  '__DURABLE_OBJECT_BRAND',
] as const;

/** What the Worker can ask an object for. */
export type Asked<Of> = Exclude<Extract<keyof Of, string>, (typeof platformMethods)[number]>;

/** What a method may be declared as, by what it takes. */
type Fitting<Method> = Method extends (first: infer First, ...rest: never[]) => unknown
  ? First extends string | { owner: string }
    ? MethodWho
    : First extends Principal
      ? 'principal'
      : Exclude<MethodWho, 'owner' | 'principal'>
  : never;
type Declared<Of> = { [Name in Asked<Of>]: Fitting<Of[Name]> };

const hostMethods = {
  prepared: 'owner',
  createMission: 'owner',
  mission: 'owner',
  holds: 'owner',
  events: 'owner',
  tree: 'owner',
  progress: 'owner',
  running: 'owner',
  runningCount: 'owner',
  setStatus: 'owner',
  cancel: 'owner',
  cancelMain: 'owner',
  resume: 'owner',
  deleteMission: 'owner',
  restoreMission: 'owner',
  cleanup: 'owner',
  message: 'owner',
  startNow: 'owner',
  queued: 'owner',
  editQueued: 'owner',
  removeQueued: 'owner',
  clearQueue: 'owner',
  working: 'owner',
  asks: 'owner',
  answer: 'owner',
  call: 'principal',
  usage: 'owner',
  remove: 'principal',
  retention: 'principal',
  setRetention: 'principal',
  isHeard: { edge: 'whether a server is connected is for everybody who chooses among servers' },
  provenEpoch: { edge: 'a server that dials is no person; it shows its credential, of which this tells nothing' },
  setCredential: {
    edge: 'enrolling is for whoever has the one-use code, and proves the old credential where there is one',
  },
} as const satisfies Declared<Host>;

const relayMethods = {
  open: {
    edge: 'a channel is opened for a call that its principal may make; both ends prove themselves by its secret',
  },
  endAll: { edge: 'removing and enrolling a server end its transfers, and tell nobody of them' },
} as const satisfies Declared<Relay>;

const accountMethods = {
  generation: 'user',
  isKept: 'user',
  endLogin: 'user',
  endLogins: 'user',
  say: 'user',
  streams: 'user',
  servers: 'user',
  reserve: 'user',
  keepPositions: 'user',
  positionsAt: 'user',
  serverChanged: { edge: 'servers tell it, by the owner that their missions have' },
  placeOf: 'user',
  elsewhere: { edge: 'servers ask it about missions that they adopted of the owner that their host named' },
  notePlace: 'user',
  current: 'user',
  setCurrent: 'user',
  routed: 'user',
  forgetMissions: 'user',
} as const satisfies Declared<Account>;

/** Every method of every object: the one list. What is not in it does not compile, and nothing asks for it. */
export const objectMethods = { Host: hostMethods, Relay: relayMethods, Account: accountMethods };
