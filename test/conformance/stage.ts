// The one running system of this suite, and the two apps opened on it. Everything is real but the language model.
import { onTestFinished } from 'vitest';
import { labConfig } from '../support/lab.ts';
import { type Model, startModel } from '../support/model.ts';
import { type Person, password, type Stack, startStack } from '../support/stack.ts';
import { dataOf } from '../support/typed-api.ts';
import { expectSameConversations, startWitness, type Witness } from '../support/witness.ts';
import { type IosApp, openIosApp } from './clients/ios.ts';
import { openControlScreen } from './clients/ios-screen.ts';
import { openWebApp, type WebApp } from './clients/web.ts';
import { openControlPage } from './clients/web-control.ts';
import { ada, recordFile, usersOfRecord } from './record/setting.ts';

export { password } from '../support/stack.ts';

interface Stage {
  stack: Stack;
  model: Model;
  me: Person;
  token: string;
  witness: Witness;
}

let stage: Stage | null = null;

export const openStage = async (): Promise<void> => {
  const model = await startModel();
  // One more provider that can be connected; the scripted model plays it, too.
  const config = { ...JSON.parse(labConfig(model.url)), enabled_providers: ['lab', 'groq'] };
  const environment = { DEFAULT_MODEL: '', OPENCODE_CONFIG_CONTENT: JSON.stringify(config) };
  const stack = await startStack({ ...environment, ...(recordFile ? usersOfRecord : {}) });
  const own = recordFile ? ada : { password };
  const { token } = await dataOf(stack.anyone.api.POST('/api/auth/login', { body: own }));
  const witness = await startWitness(stack.url, { authorization: `Bearer ${token}` });
  stage = { stack, model, me: await stack.person(own), token, witness };
};

/** What was seen of every mission so far is what a reload shows. */
export const expectSameOnReload = (): Promise<void> => expectSameConversations([opened().witness]);

export const closeStage = async (): Promise<void> => {
  await stage?.witness.leave();
  await stage?.stack.close();
  await stage?.model.close();
};

/** Ends everything that runs or waits. */
export const clearStage = async (): Promise<void> => {
  const { api } = me();
  await api.DELETE('/api/control/queue');
  for (const { mission_id: id } of await dataOf(api.GET('/api/control/running')))
    await api.POST('/api/control/missions/{id}/cancel', { params: { path: { id } } });
};

const opened = (): Stage => {
  if (!stage) throw new Error('the stage is opened by conformance.test.ts');
  return stage;
};

/** The system, its scripted model, and calls of someone who is logged in. */
export const stack = (): Stack => opened().stack;
export const model = (): Model => opened().model;
export const me = (): Person => opened().me;
export const token = (): string => opened().token;

/** A browser tab of someone who is logged in, closed after the test. */
export const webTab = async (): Promise<WebApp> => {
  const tab = await openWebApp(stack().url(), { 'openagent.jwt': token() });
  onTestFinished(() => tab.close());
  return tab;
};

/** The control page of such a tab. */
export const webControl = async (mission?: string) => {
  const tab = await webTab();
  const control = await openControlPage(tab, mission);
  onTestFinished(() => control.close());
  await control.until('a connection', ({ connection }) => connection === 'connected');
  return { tab, control };
};

/** A phone whose owner is logged in; its base URL ends in a slash, as people type it (contract §1.1). */
export const phone = (): IosApp => openIosApp(`${stack().url()}/`, token());

/** Its control screen, connected. */
export const phoneControl = async (mission?: string) => {
  const app = phone();
  const control = openControlScreen(app);
  onTestFinished(() => control.close());
  await control.until('a connection', ({ isConnected }) => isConnected);
  await control.open();
  if (mission) await control.view(mission);
  return { app, control };
};

let named = 0;
/** A name of a gate in a model script that no other test has. */
export const gateName = (): string => `gate-${++named}`;
