// Servers that enrol, as the admin of a fresh edge has them do it.
import { type EnrolResponse, enrolResponse, type HostJson, newHostResponse } from '../../shared/enrolment.ts';
import { protocolVersion } from '../../shared/limits.ts';
import type { Env } from '../../worker/env.ts';
import { asUser, edgeEnv, request } from './edge.ts';

/** The single user of an edge with one password, who is its admin; the objects of these tests know the user too. */
export const admin = asUser('default', edgeEnv());

export const newCode = async (name?: string): Promise<string> =>
  newHostResponse.parse(await (await admin('/api/hosts', { method: 'POST', json: { name } })).json()).code;

export const enrolWith = (code: string, more: object = {}, bound?: Env, headers?: HeadersInit): Promise<Response> =>
  request(
    '/api/hosts/enrol',
    { method: 'POST', json: { code, version: '0.1.0', protocol: protocolVersion, ...more }, headers },
    bound,
  );

export const enrolled = async (code: string, more: object = {}): Promise<EnrolResponse> => {
  const response = await enrolWith(code, more);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return enrolResponse.parse(await response.json());
};

/** How the edge answers a dial with this credential: 101 when it is good. */
export const dialled = async ({ id, credential }: { id: string; credential: string }): Promise<number> => {
  const headers = { Authorization: `Bearer ${id}.${credential}`, Upgrade: 'websocket' };
  const response = await request('/api/host/link', { headers });
  response.webSocket?.accept();
  response.webSocket?.close(1000, 'only a look');
  return response.status;
};

export const list = async (): Promise<HostJson[]> => (await admin('/api/hosts')).json();
export const remove = (id: string) => admin(`/api/hosts/${id}`, { method: 'DELETE' });
