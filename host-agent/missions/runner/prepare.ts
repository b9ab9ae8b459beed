import type { MessageCommand } from '../../../shared/commands.ts';
import { beginningOf } from '../../../shared/text.ts';
import type { Model } from '../../opencode/api/prompt.ts';
import { rulesToAdd } from '../../opencode/api/session-rules.ts';
import type { MissionContext } from '../context.ts';
import { adoptStore, isStoreLost } from '../transcript/source.ts';
import { freshInstance } from './fresh-instance.ts';
import { chooseModel } from './model-choice.ts';

/** Titles are for lists; OpenCode would otherwise ask the model for one. */
const titleChars = 100;

export interface Prepared {
  directory: string;
  session: string;
  agent: string;
  model: Model;
}

/**
 * Makes everything ready that a message needs before its turn begins: workspace, directory, session, model. May be
 * repeated. `isKnown`: whether this session in this directory is as it was after the turn before. Throws OpenCodeAway
 * while OpenCode is not there, else an error whose text says what is wrong.
 */
export const prepare = async (
  context: MissionContext,
  command: MessageCommand,
  isKnown: (session: string, directory: string) => boolean,
): Promise<Prepared> => {
  const { spec, content, clean, agent, model } = command.args;
  const { mission } = command;
  const workspace = context.workspaces.named(spec.workspace);
  await context.preparing.claim(mission);
  const directory = await context.prepareDirectory(workspace, mission, { clean, owner: spec.owner });
  await freshInstance(context, mission, directory);
  const chosen = await chooseModel(context, directory, model);
  const title = beginningOf(spec.title || content, titleChars);
  // Not sooner: until here it may be heard that the session was changed, or is gone.
  const record = context.store.missions.get(mission);
  const isAsBefore = record?.source === context.store.heads.source() && isKnown(record.session, directory);
  const session = isAsBefore ? record.session : await sessionOf(context, mission, directory, title);
  await context.hands.ready({ mission, directory, owner: spec.owner, placeBytes: spec.place_bytes }, isAsBefore);
  return { directory, session, agent: agent ?? context.defaults.agent, model: chosen };
};

/** The mission's session: the one on record, else one that was made but not recorded, else a new one. */
const sessionOf = async (
  context: MissionContext,
  mission: MessageCommand['mission'],
  directory: string,
  title: string,
): Promise<string> => {
  const { store, client, permissive } = context;
  await context.parking.wanted(mission);
  const record = store.missions.get(mission);
  const known = record && (await client.getSession(record.session));
  if (record && known) {
    const rules = rulesToAdd(known.permission ?? [], permissive);
    if (rules.length > 0) await client.addRules(known.id, rules);
    const source = store.heads.source();
    if (record.source !== source || record.directory !== directory)
      store.missions.put({ ...record, directory, source });
    return record.session;
  }
  if (record && (await isStoreLost(context, record))) adoptStore(context, record, []);
  // Beside the rest, since a first prompt would wait for it; what goes wrong shows there.
  void client.warm(directory, null).catch(() => undefined);
  // Also where there can be none: it makes OpenCode's instance, and then a session is made within milliseconds. One
  // that is being made for a process that was killed is in no list yet, and a second one would be made beside it.
  const orphan = (await client.listSessions(directory)).find(
    (each) => each.metadata?.mission === mission && each.parentID === undefined,
  );
  const session = orphan ?? (await client.createSession(directory, { title, metadata: { mission } }));
  store.missions.put({ mission, session: session.id, directory, source: store.heads.source() });
  return session.id;
};
