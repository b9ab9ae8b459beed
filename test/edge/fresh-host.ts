// One server, new for each test and spoken to past the Worker: its object, its tables, missions of one user.
import { env, runInDurableObject } from 'cloudflare:test';
import { type MissionId, missionId } from '../../shared/ids.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { enrolHost } from './host-peer.ts';

export const owner = 'alice';
/** The server of the test that runs. */
export let host = '';

/** For `beforeEach`. */
export const freshHost = async (): Promise<void> => {
  host = crypto.randomUUID();
  await enrolHost(host);
};

export const object = () => hostObject(env, host);
export const stub = () => env.HOST.getByName(host);
/** Looks at, or changes, what the object has stored. */
export const inObject = <T>(look: (sql: SqlStorage, storage: DurableObjectStorage) => T | Promise<T>): Promise<T> =>
  runInDurableObject(stub(), (_object, { storage }) => look(storage.sql, storage));

export const newMission = async (title: string | null = null): Promise<MissionId> => {
  const id = missionId.parse(crypto.randomUUID());
  await object().createMission({ id, owner, workspace: 'w', title, agent: null, model: null });
  return id;
};
