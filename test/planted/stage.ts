// Where a case takes place: an edge alone, or a host-agent alone, of one build; ended and removed after the test.
import { onTestFinished } from 'vitest';
import { readSettings } from '../../host-agent/config/settings.ts';
import { prepareStartWithEdge } from '../../host-agent/launcher/state/start.ts';
import { writePrivateFile } from '../../host-agent/process/private-file.ts';
import type { Build } from '../faults/copied-build.ts';
import { agentProcess, edgeProcess } from '../faults/parts.ts';
import { dialEdge, type HostDial } from '../fuzz/host-dial.ts';
import { freshWorkingDir } from '../support/launched.ts';
import { logIn, type Person, personAt } from '../support/person.ts';
import { startWitness, type Witness } from '../support/witness.ts';

const password = 'correct horse battery';
const users = ['ada', 'bob'].map((username) => ({ username, password }));

export type EdgeAlone = Awaited<ReturnType<typeof edgeAlone>>;
export type HostAlone = Awaited<ReturnType<typeof hostAlone>>;

const prepare = async (build: Build) => {
  const directory = freshWorkingDir();
  const start = await prepareStartWithEdge(
    readSettings({ WORKING_DIR: directory.path, PORT: '0', OPEN_AGENT_USERS: JSON.stringify(users) }),
  );
  onTestFinished(() => {
    start.lock.close();
    directory.remove();
  });
  const crashed = (name: string): void => {
    throw new Error(`${name} ended by itself`);
  };
  return { start, build, faketime: false, onCrash: crashed };
};

/** workerd with the build's Worker; its server is enrolled, and whoever dials is its host-agent. */
export const edgeAlone = async (build: Build) => {
  const means = await prepare(build);
  const edge = await edgeProcess(means);
  onTestFinished(() => edge.stop());
  await edge.start();
  const { url, host } = means.start;
  return {
    ...edge,
    dial: (): Promise<HostDial> => dialEdge(url, host),
    person: async (username: 'ada' | 'bob'): Promise<Person> =>
      personAt(() => url, await logIn(url, { username, password })),
    /** Sees everything of that user from here on. */
    witness: async (username: 'ada' | 'bob'): Promise<Witness> => {
      const witness = await startWitness(() => url, await logIn(url, { username, password }));
      onTestFinished(() => witness.leave());
      return witness;
    },
  };
};

/** The build's host-agent, not started, that will dial the edge at `url`. There is no OpenCode. */
export const hostAlone = async (build: Build, url: string) => {
  const means = await prepare(build);
  const { settings, host } = means.start;
  await writePrivateFile(settings.files.host, JSON.stringify({ ...host, url }));
  const agent = agentProcess(means);
  onTestFinished(() => agent.stop());
  return agent;
};
