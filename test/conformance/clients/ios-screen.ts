// The iOS app's control screen: one mission in view, its chat kept by the stream and mended by its history
// (contract §4.6).
import { changes } from './change.ts';
import type { IosApp } from './ios.ts';
import { afterIosEvent, fromIosHistory, type IosItem } from './ios-chat.ts';
import { iosFrames } from './ios-frames.ts';
import type { IosMission } from './models.ts';
import { keepStream } from './stream.ts';

const isConnectionTrouble = (message: string): boolean =>
  /stream connection failed|sse connection|event stream/i.test(message) ||
  ['timed out', 'connection reset', 'connection closed'].includes(message.toLowerCase());

/** The control screen: its stream and chat. */
export const openControlScreen = (app: IosApp) => {
  const { changed, until } = changes();
  const screen = {
    viewed: null as IosMission | null,
    current: null as string | null,
    items: [] as IosItem[],
    isConnected: false,
    run: { state: 'idle', queueLength: 0 },
    failures: [] as string[],
  };
  let typed = 0;
  let mustRefetch = false;

  const view = async (id: string): Promise<void> => {
    screen.viewed = await app.viewMission(id);
    screen.items = fromIosHistory(screen.viewed.history);
    const own = (await app.running()).find(({ mission_id }) => mission_id === id);
    screen.run = { state: own?.state ?? 'idle', queueLength: own?.queue_len ?? 0 };
    changed();
  };
  const passes = (data: Record<string, unknown>): boolean => {
    const shown = screen.viewed?.id ?? screen.current;
    return data.mission_id === undefined ? shown === screen.current : shown === null || data.mission_id === shown;
  };

  const onEvent = (name: string, data: Record<string, unknown>): void => {
    if (name !== 'error') {
      screen.isConnected = true;
      stream.isAlive();
      if (mustRefetch && screen.viewed) void view(screen.viewed.id).catch(() => undefined);
      mustRefetch = false;
    }
    if (!passes(data)) return;
    if (name === 'status') screen.run = { state: String(data.state), queueLength: Number(data.queue_len) };
    else if (name !== 'error' || !isConnectionTrouble(String(data.message)))
      screen.items = afterIosEvent(screen.items, name, data);
    changed();
  };
  // Whatever the status: an error's body is read as a stream that ends.
  const stream = keepStream(
    app.dial,
    () => iosFrames(onEvent),
    () => {
      screen.isConnected = false;
      mustRefetch = true;
      changed();
      return true;
    },
  );

  return {
    screen,
    stream,
    until: <T>(what: string, read: (screen_: typeof screen) => T | undefined | null | false): Promise<T> =>
      until(
        what,
        () => read(screen),
        () => screen,
      ),
    view,
    /** What it does when it comes to the front. */
    open: async (): Promise<void> => {
      screen.current = (await app.currentMission())?.id ?? null;
      await app.workspaces();
      if (screen.current) await view(screen.current);
    },
    send: async (text: string): Promise<void> => {
      typed += 1;
      const id = `temp-${typed}`;
      const content = text.trim();
      screen.items = [...screen.items, { kind: 'user', id, content }];
      try {
        const sent = await app.send(content);
        const isThere = screen.items.some((item) => item.kind === 'user' && item.id === sent.id);
        screen.items = isThere
          ? screen.items.filter((item) => !(item.kind === 'user' && item.id === id))
          : screen.items.map((item) => (item.kind === 'user' && item.id === id ? { ...item, id: sent.id } : item));
        screen.current ??= (await app.currentMission())?.id ?? null;
      } catch (cause) {
        screen.items = screen.items.filter((item) => !(item.kind === 'user' && item.id === id));
        screen.failures.push(cause instanceof Error ? cause.message : String(cause));
      }
      changed();
    },
    close: (): void => stream.close(),
  };
};
