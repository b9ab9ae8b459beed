import { env } from 'cloudflare:workers';
import { expect, vi } from 'vitest';
import { type EnrolledHost, enrol } from './edge.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';

/** What a server answers to one call; a refusal is thrown as `{code, message}`. */
type Answers = Record<string, (args: unknown) => unknown>;

export interface AnsweringHost extends EnrolledHost {
  peer: HostPeer;
  /** Names of the calls that came, with their arguments. */
  asked: { method: string; args: unknown }[];
}

/** An enrolled, connected server that answers these calls as its host-agent would. */
export const answeringHost = async (answers: Answers, capabilities: object = {}): Promise<AnsweringHost> => {
  const host = await enrol();
  const peer = await dialHost(host.id);
  const known = { agents: ['build', 'plan'], working_dir: '/srv', slots: 2, ...capabilities };
  peer.send(hello('r1', { capabilities: known }));
  await peer.next('welcome');
  await vi.waitFor(async () => expect(await workingDirOf(host.id)).toBe(known.working_dir));
  return { ...host, peer, asked: replyToCalls(peer, answers) };
};

/** Answers what comes on this link from now on. Out: the names of the calls that came, with their arguments. */
export const replyToCalls = (peer: HostPeer, answers: Answers): AnsweringHost['asked'] => {
  const asked: AnsweringHost['asked'] = [];
  const serve = async (): Promise<void> => {
    for (;;) {
      const { id, method, args } = await peer.next('call');
      asked.push({ method, args });
      try {
        const value = answers[method]?.(args);
        if (value === undefined) throw { code: 'not_found', message: `This server's host-agent answers no ${method}.` };
        peer.send({ type: 'result', id, ok: true, value });
      } catch (value) {
        peer.send({ type: 'result', id, ok: false, value });
      }
    }
  };
  void serve();
  return asked;
};

/** What the directory knows of a server, which it is told after the welcome. */
const workingDirOf = async (id: string): Promise<unknown> =>
  env.DB.prepare('SELECT working_dir FROM hosts WHERE id = ?').bind(id).first('working_dir');
