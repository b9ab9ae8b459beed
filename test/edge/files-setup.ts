// A server whose files are asked for: enrolled and connected, new for each test.
import type { Env } from '../../worker/env.ts';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory } from './edge.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';

/** The server of the test that runs, and its end of the link. */
export let host: EnrolledHost;
export let peer: HostPeer;

/** The one user of a server without a list of users. */
const alone: Env = edgeEnv();
export const me = asUser('default', alone);

/** For `beforeEach`. */
export const freshServer = async (): Promise<void> => {
  await freshDirectory();
  host = await enrol();
  peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
};

/** Answers the server's next call. Out: what it was asked. */
export const replyToCall = async (value: unknown, ok = true) => {
  const { id, method, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok, value });
  return {
    method,
    args: args as Record<string, unknown> & { scope: object; transfer: { id: string; secret: string } },
  };
};
