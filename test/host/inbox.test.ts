import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../host-agent/store/store.ts';
import type { CommandId } from '../../shared/ids.ts';
import { message, newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';

const end = ({ outbox, inbox }: Store, command: CommandId): void =>
  outbox.append(
    [{ at: 1, mission: null, event: { type: 'command.finished', command, outcome: 'finished', text: '' } }],
    () => inbox.end(command),
  );

test('a command is new once, however often it comes', () => {
  const { inbox } = temporaryStore();
  const [first, second] = [message(), message()];

  expect(inbox.accept([first])).toEqual([first.id]);
  expect(inbox.accept([first, second])).toEqual([second.id]);

  expect(inbox.open()).toEqual([first, second]);
});

test('commands survive a restart in their order', () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const id = newHostId();
  const before = temporaryStore(path, id);
  const commands = [message(), message(), message()];
  before.inbox.accept(commands);
  before.close();

  const after = temporaryStore(path, id);

  expect(after.inbox.open()).toEqual(commands);
});

test('an ended command stays on the open list of hello until the row of its end is acknowledged', () => {
  const store = temporaryStore();
  const [first, second] = [message(), message()];
  store.inbox.accept([first, second]);
  store.outbox.append([note('before')]);

  end(store, first.id);

  expect(store.inbox.open()).toEqual([second]);
  expect(store.inbox.openIds().toSorted()).toEqual([first.id, second.id].toSorted());
  store.outbox.ack(store.run, 1);
  expect(store.inbox.openIds()).toContain(first.id);
  store.outbox.ack(store.run, 2);
  expect(store.inbox.openIds()).toEqual([second.id]);
});

test('an ended command is known for ever and never opens again', () => {
  const store = temporaryStore();
  const command = message();
  store.inbox.accept([command]);
  end(store, command.id);
  store.outbox.ack(store.run, 1);
  store.outbox.prune(Number.MAX_SAFE_INTEGER, { ms: 0, bytes: 0 });

  expect(store.inbox.accept([command])).toEqual([]);
  expect(store.inbox.has(command.id)).toBe(true);
  expect(store.inbox.open()).toEqual([]);
});

test('the wish to cancel outlives a restart', () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const id = newHostId();
  const before = temporaryStore(path, id);
  const command = message();
  before.inbox.accept([command]);
  before.inbox.cancel({ mission: command.mission, command: command.id });
  before.close();

  const { inbox } = temporaryStore(path, id);

  expect(inbox.isCancelled(command.id)).toBe(true);
  expect(inbox.open()).toEqual([command]);
});

test('a tombstone is not the command, and marks it cancelled when it comes', () => {
  const { inbox } = temporaryStore();
  const command = message();

  inbox.cancel({ mission: command.mission, command: command.id });
  expect(inbox.has(command.id)).toBe(false);
  expect(inbox.openIds()).toEqual([]);

  expect(inbox.accept([command])).toEqual([command.id]);
  expect(inbox.isCancelled(command.id)).toBe(true);
  expect(inbox.open()).toEqual([command]);
});

test('a command whose transaction fails was never accepted', () => {
  const { inbox, transact } = temporaryStore();
  const command = message();

  expect(() =>
    transact(() => {
      inbox.accept([command]);
      throw new Error('stop');
    }),
  ).toThrow('stop');

  expect(inbox.has(command.id)).toBe(false);
});
